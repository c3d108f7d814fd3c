import {
  createClient,
  createPortTransport,
  EventRecorder,
  LeaderElection,
  type LeaseTiming,
} from "#pkg/client/index.ts";
import { createControllerManager } from "#pkg/controllers/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createScheduler } from "#pkg/scheduler/index.ts";
import type { ControlThread } from "./thread.ts";

/** Upstream's proportions of the three times: 15 s, 10 s, 2 s. */
function leaseTiming(leaseDurationSeconds: number): LeaseTiming {
  const leaseDurationMs = leaseDurationSeconds * 1000;
  return {
    leaseDurationMs,
    renewDeadlineMs: Math.round((leaseDurationMs * 2) / 3),
    retryPeriodMs: Math.round((leaseDurationMs * 2) / 15),
  };
}

/** Scheduler and controller manager, each competing for its own Lease, until the signal aborts. */
export async function runControl(data: ControlThread, signal: AbortSignal): Promise<void> {
  const log = createLogger(data.logLevel);
  const timing = leaseTiming(data.leaseDurationSeconds);

  const schedulerTransport = createPortTransport(data.scheduler);
  const scheduler = createClient(schedulerTransport);
  const schedulerLog = log.child({ component: "scheduler" });
  const recorder = new EventRecorder({ client: scheduler, log: schedulerLog, component: "default-scheduler" });
  const placement = createScheduler({ client: scheduler, recorder, log: schedulerLog });
  const schedulerElection = new LeaderElection({
    client: scheduler,
    log: schedulerLog,
    recorder,
    namespace: "kube-system",
    name: "kube-scheduler",
    identity: data.identity,
    timing,
    onStartedLeading: async (leading) => await placement.start(leading),
  });

  const controllersTransport = createPortTransport(data.controllers);
  const controllers = createControllerManager({
    client: createClient(controllersTransport),
    log: log.child({ component: "controllers" }),
    options: {
      identity: data.identity,
      leaseTiming: timing,
      nodeIpam: { clusterCidrs: [data.clusterCidr] },
      rootCa: data.rootCa,
    },
  });

  await Promise.all([schedulerElection.start(signal), controllers.start(signal)]);
  await recorder.close();
  await Promise.all([schedulerTransport.close(), controllersTransport.close()]);
}
