import { setImmediate } from "node:timers/promises";
import type { Logger } from "#pkg/log/index.ts";
import type { Binder } from "./binder.ts";
import { describeFailure } from "./diagnosis.ts";
import type { FailureReporter } from "./failure-reporter.ts";
import type { Nominator } from "./nominator.ts";
import type { QueuedPod, SchedulingQueue } from "./queue.ts";
import type { Preemptor } from "./preemptor.ts";
import type { NodeSelector } from "./select-node.ts";

/** Cycles run this long before others on the thread get their turn. */
const SLICE_MS = 4;

/** Takes pods from the queue one by one, finds their nodes and hands them to the binder. */
export class SchedulingCycle {
  readonly #queue: SchedulingQueue;
  readonly #selector: NodeSelector;
  readonly #preemptor: Preemptor;
  readonly #nominator: Nominator;
  readonly #binder: Binder;
  readonly #reporter: FailureReporter;
  readonly #log: Logger;
  #wake = Promise.withResolvers<void>();

  constructor(parts: {
    readonly queue: SchedulingQueue;
    readonly selector: NodeSelector;
    readonly preemptor: Preemptor;
    readonly nominator: Nominator;
    readonly binder: Binder;
    readonly reporter: FailureReporter;
    readonly log: Logger;
  }) {
    this.#queue = parts.queue;
    this.#selector = parts.selector;
    this.#preemptor = parts.preemptor;
    this.#nominator = parts.nominator;
    this.#binder = parts.binder;
    this.#reporter = parts.reporter;
    this.#log = parts.log;
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake.resolve();
  }

  async start(signal: AbortSignal): Promise<void> {
    const onAbort = (): void => this.wake();
    signal.addEventListener("abort", onAbort, { once: true });
    while (!signal.aborted) {
      const sliceEnd = performance.now() + SLICE_MS;
      let next: QueuedPod | undefined;
      while (performance.now() < sliceEnd && this.#binder.hasRoom && (next = this.#queue.pop()) !== undefined) {
        this.#schedule(next, signal);
      }
      if (this.#binder.hasRoom && this.#queue.activeCount > 0) {
        await setImmediate();
        continue;
      }
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
    signal.removeEventListener("abort", onAbort);
  }

  #schedule(queued: QueuedPod, signal: AbortSignal): void {
    const { pod } = queued;
    const selection = this.#selector.select(pod);
    if ("node" in selection) {
      this.#binder.bind(queued, selection.node, signal);
      return;
    }
    const { diagnosis, filters } = selection;
    let message = describeFailure(diagnosis);
    let nominatedNode: string | undefined;
    if (diagnosis.nodeCount > 0) {
      const preemption = this.#preemptor.preempt(pod, diagnosis, filters, signal);
      if ("node" in preemption) nominatedNode = preemption.node;
      else {
        message += ` preemption: ${preemption.message}`;
        if (!preemption.keepsNomination) {
          this.#nominator.remove(pod.key);
          nominatedNode = "";
        }
      }
    }
    this.#log.debug("no node for pod", { pod: pod.key, message });
    this.#queue.requeue(queued, diagnosis.rejectedBy);
    this.#reporter.report(pod.pod, { reason: "Unschedulable", message, nominatedNode }, signal);
  }
}
