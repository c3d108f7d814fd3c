import {
  createClient,
  createPortTransport,
  EventDecoder,
  EventRecorder,
  LeaderElection,
  type LeaseTiming,
  type Transport,
} from "#pkg/client/index.ts";
import { createControllerManager } from "#pkg/controllers/index.ts";
import { createLogger, type Logger } from "#pkg/log/index.ts";
import { createScheduler } from "#pkg/scheduler/index.ts";
import type { ControlThread } from "./thread.ts";

export interface ControlParts {
  /** Scheduler and controllers have users, and so transports, of their own. Which has none does not run. */
  readonly scheduler?: Transport;
  readonly controllers?: Transport;
  readonly log: Logger;
  /** Holder of the Leases: unique among candidates. */
  readonly identity: string;
  readonly leaseDurationSeconds: number;
  readonly clusterCidr: string;
  /** PEM that pods verify the API server with: ConfigMap kube-root-ca.crt. */
  readonly rootCa: string;
}

/** The thread of a server that `runControl` runs in, with the API at the other end of its ports. */
export async function runControlThread(data: ControlThread, signal: AbortSignal): Promise<void> {
  const { scheduler, controllers, logLevel, ...rest } = data;
  // Both watch pods and nodes.
  const decoder = new EventDecoder();
  await runControl(
    {
      ...rest,
      log: createLogger(logLevel),
      ...(scheduler === undefined ? {} : { scheduler: createPortTransport(scheduler, decoder) }),
      ...(controllers === undefined ? {} : { controllers: createPortTransport(controllers, decoder) }),
    },
    signal,
  );
}

/** Scheduler and controller manager, each competing for its own Lease, until the signal aborts. */
export async function runControl(parts: ControlParts, signal: AbortSignal): Promise<void> {
  const { scheduler, controllers } = parts;
  await Promise.all([
    ...(scheduler === undefined ? [] : [runScheduler(parts, scheduler, signal)]),
    ...(controllers === undefined ? [] : [runControllers(parts, controllers, signal)]),
  ]);
}

async function runScheduler(parts: ControlParts, transport: Transport, signal: AbortSignal): Promise<void> {
  const client = createClient(transport);
  const log = parts.log.child({ component: "scheduler" });
  const recorder = new EventRecorder({ client, log, component: "default-scheduler" });
  const scheduler = createScheduler({ client, recorder, log });
  const election = new LeaderElection({
    client,
    log,
    recorder,
    namespace: "kube-system",
    name: "kube-scheduler",
    identity: parts.identity,
    timing: leaseTiming(parts.leaseDurationSeconds),
    onStartedLeading: async (leading) => await scheduler.start(leading),
  });
  await election.start(signal);
  await recorder.close();
  await transport.close();
}

async function runControllers(parts: ControlParts, transport: Transport, signal: AbortSignal): Promise<void> {
  const manager = createControllerManager({
    client: createClient(transport),
    log: parts.log.child({ component: "controllers" }),
    options: {
      identity: parts.identity,
      leaseTiming: leaseTiming(parts.leaseDurationSeconds),
      nodeIpam: { clusterCidrs: [parts.clusterCidr] },
      rootCa: parts.rootCa,
    },
  });
  await manager.start(signal);
  await transport.close();
}

/** Upstream's proportions of the three times: 15 s, 10 s, 2 s. */
function leaseTiming(leaseDurationSeconds: number): LeaseTiming {
  const leaseDurationMs = leaseDurationSeconds * 1000;
  return {
    leaseDurationMs,
    renewDeadlineMs: Math.round((leaseDurationMs * 2) / 3),
    retryPeriodMs: Math.round((leaseDurationMs * 2) / 15),
  };
}
