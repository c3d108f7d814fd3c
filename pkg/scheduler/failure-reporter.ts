import { type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { type Client, type EventRecorder, referenceTo } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";

/** Tells users why a pod has no node: an event, and the PodScheduled condition. Nothing waits for either. */
export class FailureReporter {
  readonly #client: Client;
  readonly #recorder: EventRecorder;
  readonly #log: Logger;
  readonly #writing = new Set<Promise<void>>();

  constructor(parts: { readonly client: Client; readonly recorder: EventRecorder; readonly log: Logger }) {
    this.#client = parts.client;
    this.#recorder = parts.recorder;
    this.#log = parts.log;
  }

  /** `nominatedNode` is where preemption makes room; "" clears an earlier nomination. */
  report(
    pod: Pod,
    failure: {
      readonly reason: "Unschedulable" | "SchedulerError";
      readonly message: string;
      readonly nominatedNode?: string | undefined;
    },
    signal: AbortSignal,
  ): void {
    this.#recorder.event(referenceTo(pods, pod), "Warning", "FailedScheduling", shorten(failure.message), {
      action: "Scheduling",
    });
    this.#track(this.#setCondition(pod, failure.reason, failure.message, failure.nominatedNode, signal));
  }

  /** A pod that waits for its scheduling gates. */
  reportGated(pod: Pod, signal: AbortSignal): void {
    const message = "Scheduling is blocked due to non-empty scheduling gates";
    this.#track(this.#setCondition(pod, "SchedulingGated", message, undefined, signal));
  }

  async close(): Promise<void> {
    await Promise.all(this.#writing);
  }

  async #setCondition(
    pod: Pod,
    reason: string,
    message: string,
    nominatedNode: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { name, namespace, uid, generation } = pod.metadata;
    const known = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
    const nominates = nominatedNode !== undefined && nominatedNode !== (pod.status?.nominatedNodeName ?? "");
    const same = known?.status === "False" && known.reason === reason && known.message === message;
    if (same && !nominates) return;
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason,
      message,
      lastProbeTime: null,
      lastTransitionTime:
        known?.status === "False" ? known.lastTransitionTime : new Date().toISOString().replace(/\.\d+Z$/, "Z"),
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
    const patch = {
      // A pod made again under the same name is not meant.
      metadata: { uid },
      status: { conditions: [condition], ...(nominates ? { nominatedNodeName: nominatedNode || null } : {}) },
    };
    try {
      await this.#client.patch(
        pods,
        { name, ...(namespace === undefined ? {} : { namespace }) },
        "application/strategic-merge-patch+json",
        patch,
        { subresource: "status", signal },
      );
    } catch (err) {
      if (!signal.aborted && !isNotFound(err))
        this.#log.warn("pod condition not written", { pod: name, namespace, err });
    }
  }

  #track(writing: Promise<void>): void {
    const tracked = writing.finally(() => this.#writing.delete(tracked));
    this.#writing.add(tracked);
  }
}

/** Event messages hold at most 1024 bytes. */
const shorten = (message: string): string => (message.length > 1024 ? `${message.slice(0, 1020)} ...` : message);
