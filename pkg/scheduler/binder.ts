import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { pods } from "#pkg/api/types/core-v1.ts";
import { type Client, type EventRecorder, referenceTo } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Cache } from "./cache.ts";
import type { FailureReporter } from "./failure-reporter.ts";
import type { Nominator } from "./nominator.ts";
import type { QueuedPod, SchedulingQueue } from "./queue.ts";
import type { PreBindPlugin } from "./types.ts";

/** Bindings under way at once; enough to keep the API server's group commits full. */
const MAX_BINDING = 128;

/** Tells the API server where pods go. A pod counts on its node from `assume` on and is taken back when binding fails. */
export class Binder {
  readonly #client: Client;
  readonly #cache: Cache;
  readonly #queue: SchedulingQueue;
  readonly #nominator: Nominator;
  readonly #recorder: EventRecorder;
  readonly #reporter: FailureReporter;
  readonly #preBinds: readonly PreBindPlugin[];
  readonly #log: Logger;
  readonly #onRoom: () => void;
  readonly #binding = new Set<Promise<void>>();
  /** Pods that wait for their volumes do not count against the limit. */
  #busy = 0;

  constructor(parts: {
    readonly client: Client;
    readonly cache: Cache;
    readonly queue: SchedulingQueue;
    readonly nominator: Nominator;
    readonly recorder: EventRecorder;
    readonly reporter: FailureReporter;
    readonly preBinds: readonly PreBindPlugin[];
    readonly log: Logger;
    /** Called when a binding ended and another may begin. */
    readonly onRoom: () => void;
  }) {
    this.#client = parts.client;
    this.#cache = parts.cache;
    this.#queue = parts.queue;
    this.#nominator = parts.nominator;
    this.#recorder = parts.recorder;
    this.#reporter = parts.reporter;
    this.#preBinds = parts.preBinds;
    this.#log = parts.log;
    this.#onRoom = parts.onRoom;
  }

  get hasRoom(): boolean {
    return this.#busy < MAX_BINDING;
  }

  bind(queued: QueuedPod, nodeName: string, signal: AbortSignal): void {
    const { pod } = queued;
    this.#nominator.remove(pod.key);
    this.#cache.assume(pod, nodeName);
    const binding = this.#bind(queued, nodeName, signal).finally(() => {
      this.#binding.delete(binding);
      this.#onRoom();
    });
    this.#binding.add(binding);
  }

  async close(): Promise<void> {
    while (this.#binding.size > 0) await Promise.all(this.#binding);
  }

  async #bind(queued: QueuedPod, nodeName: string, signal: AbortSignal): Promise<void> {
    const { pod, key } = queued.pod;
    const { name, namespace = "", uid } = pod.metadata;
    try {
      for (const plugin of this.#preBinds) {
        const preparing = plugin.preBind(queued.pod, nodeName, signal);
        if (preparing !== undefined) await preparing;
      }
      this.#busy++;
      try {
        await this.#client.createSub(pods, { namespace, name }, "binding", {
          apiVersion: apiVersionOf(pods),
          kind: "Binding",
          metadata: { name, namespace, uid },
          target: { kind: "Node", name: nodeName },
        });
      } finally {
        this.#busy--;
      }
    } catch (err) {
      this.#cache.forget(key);
      if (isNotFound(err)) {
        this.#queue.done(key);
        return;
      }
      this.#queue.requeue(queued, new Set());
      // What the pod was to take is free again.
      this.#queue.onEvent("AssignedPodDelete");
      if (signal.aborted) return;
      this.#log.warn("binding failed", { pod: key, node: nodeName, err });
      const message = `binding rejected: ${err instanceof Error ? err.message : String(err)}`;
      this.#reporter.report(pod, { reason: "SchedulerError", message }, signal);
      return;
    }
    this.#queue.done(key);
    this.#recorder.event(referenceTo(pods, pod), "Normal", "Scheduled", `Successfully assigned ${key} to ${nodeName}`, {
      action: "Binding",
    });
  }
}
