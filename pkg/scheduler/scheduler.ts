import { type Client, type EventRecorder, InformerFactory } from "#pkg/client/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { QuantityReader } from "./amounts.ts";
import { Binder } from "./binder.ts";
import { Cache } from "./cache.ts";
import { ClusterEvents } from "./cluster-events.ts";
import { SchedulingCycle } from "./cycle.ts";
import { FailureReporter } from "./failure-reporter.ts";
import { informersOf } from "./informers.ts";
import { Nominator } from "./nominator.ts";
import { defaultPlugins } from "./plugins/default-plugins.ts";
import { PodInfoBuilder } from "./pod-info.ts";
import { type PodBackoff, SchedulingQueue } from "./queue.ts";
import { Preemptor } from "./preemptor.ts";
import { NodeSelector } from "./select-node.ts";

export interface SchedulerParts {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly log: Logger;
  /** Shared informers that someone else runs; without them the scheduler runs its own. */
  readonly informers?: InformerFactory;
  /** Pods with this spec.schedulerName are ours; "default-scheduler" where absent. */
  readonly schedulerName?: string;
  /** 1 s to 10 s where absent. */
  readonly backoff?: PodBackoff;
}

export interface Scheduler {
  /** Places pods until the signal aborts, then waits for bindings under way. Each start begins with a fresh state. */
  start(signal: AbortSignal): Promise<void>;
}

export function createScheduler(parts: SchedulerParts): Scheduler {
  return { start: (signal) => run(parts, signal) };
}

async function run(parts: SchedulerParts, signal: AbortSignal): Promise<void> {
  const { client, recorder, log } = parts;
  const factory = parts.informers ?? new InformerFactory({ client, log });
  const informers = informersOf(factory);
  const pods = new PodInfoBuilder({
    quantities: new QuantityReader(),
    namespaceLabels: (name) => informers.namespaces.lister.get({ name })?.metadata.labels,
  });
  const cache = new Cache({ quantities: new QuantityReader(), pods });
  const plugins = defaultPlugins({ client, cache, informers });
  const wake = (): void => cycle.wake();
  const queue = new SchedulingQueue({ filters: plugins.filters, onActive: wake, backoff: parts.backoff });
  const nominator = new Nominator();
  const reporter = new FailureReporter({ client, recorder, log });
  const selector = new NodeSelector({ cache, nominator, plugins });
  const binder = new Binder({
    client,
    cache,
    queue,
    nominator,
    recorder,
    reporter,
    preBinds: plugins.preBinds,
    log,
    onRoom: wake,
  });
  const preemptor = new Preemptor({ client, cache, nominator, informers, recorder, log });
  const cycle = new SchedulingCycle({ queue, selector, preemptor, nominator, binder, reporter, log });
  const events = new ClusterEvents({
    cache,
    queue,
    nominator,
    pods,
    schedulerName: parts.schedulerName ?? "default-scheduler",
    onGated: (pod) => reporter.reportGated(pod, signal),
  });

  const running = parts.informers === undefined ? factory.start(signal) : Promise.resolve();
  const stopListening = events.listen(informers);
  try {
    // Placing before all nodes and pods are known would crowd the first few nodes.
    await Promise.all(Object.values(informers).map((informer) => informer.synced(signal)));
    log.info("scheduler started", { nodes: cache.nodes.length, pending: queue.pendingCount });
    await cycle.start(signal);
  } catch (err) {
    if (!signal.aborted) throw err;
  } finally {
    stopListening();
    queue.close();
    await binder.close();
    await preemptor.close();
    await reporter.close();
    await running;
  }
}
