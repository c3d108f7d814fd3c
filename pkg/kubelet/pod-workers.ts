import type { Pod } from "#pkg/api/types/core-v1.ts";
import { CriError } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { PodError } from "./types.ts";

/** Why a pod is ended although nobody deleted it. */
export interface PodFailure {
  /** status.reason: "DeadlineExceeded", "Evicted", … */
  readonly reason: string;
  readonly message: string;
  /** Instead of the pod's own grace period. */
  readonly graceSeconds?: number;
  /** The pod is the victim of something (KEP-3329): it gets the condition DisruptionTarget. */
  readonly isDisruption?: boolean;
}

export interface PodSyncResult {
  /** The pod is over: all its containers have ended for good, or it was refused. */
  readonly over: boolean;
  /** Why, where the kubelet decided it. */
  readonly failure?: PodFailure;
  readonly retryAfterMs?: number;
}

/** What is done in each state of a pod's life; one call at a time per pod, repeated until it succeeds. */
export interface PodSyncer {
  /** Makes it run. */
  sync(pod: Pod, signal: AbortSignal): Promise<PodSyncResult>;
  /** Ends its containers. */
  syncTerminating(pod: Pod, failure: PodFailure | undefined, signal: AbortSignal): Promise<void>;
  /** Cleans up what it used; nothing runs any more. */
  syncTerminated(pod: Pod, failure: PodFailure | undefined, signal: AbortSignal): Promise<void>;
  /** Called for each later change of a pod that is finished, and once when it became so. `removed`: the API forgot it. */
  finished(pod: Pod, removed: boolean): Promise<void>;
}

type State = "syncing" | "terminating" | "terminated" | "finished";

interface Worker {
  pod: Pod;
  state: State;
  failure: PodFailure | undefined;
  /** The source of pods does not have it any more. */
  removed: boolean;
  pending: boolean;
  step: AbortController;
  running: Promise<void> | undefined;
  timer: NodeJS.Timeout | undefined;
  failures: number;
}

const firstRetryMs = 500;
const maxRetryMs = 10_000;
/** Everything is looked at again now and then, with nothing having told of a change (upstream's --sync-frequency). */
const resyncMs = 60_000;

/**
 * One worker per pod; the newest news wins; no pod waits for another.
 *
 *   syncing ──(deleted, over, evicted, removed)──▶ terminating ──▶ terminated ──▶ finished ──(removed)──▶ forgotten
 */
export class PodWorkers {
  readonly #syncer: PodSyncer;
  readonly #log: Logger;
  readonly #workers = new Map<string, Worker>();
  #stopped = false;

  constructor(parts: { readonly syncer: PodSyncer; readonly log: Logger }) {
    this.#syncer = parts.syncer;
    this.#log = parts.log;
  }

  has(podUid: string): boolean {
    return this.#workers.has(podUid);
  }

  /** Whether the pod's containers may be running or come up: its resources and ports are taken. */
  isActive(podUid: string): boolean {
    const state = this.#workers.get(podUid)?.state;
    return state === "syncing" || state === "terminating";
  }

  /** The pod is new or has changed. */
  update(pod: Pod): void {
    if (this.#stopped) return;
    const known = this.#workers.get(pod.metadata.uid);
    const worker = known ?? this.#add(pod);
    const graceBefore = worker.pod.metadata.deletionGracePeriodSeconds;
    worker.pod = pod;
    const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    if (deletionTimestamp !== undefined && worker.state === "syncing") {
      this.#terminate(worker);
    } else if (worker.state === "terminating" && (deletionGracePeriodSeconds ?? Infinity) < (graceBefore ?? Infinity)) {
      // Somebody wants it faster: what is under way began with the longer grace.
      worker.step.abort();
    }
    this.#wake(worker);
  }

  /** The same pod with a newer status: the next look uses it, none is taken for it. */
  refresh(pod: Pod): void {
    const worker = this.#workers.get(pod.metadata.uid);
    if (worker !== undefined) worker.pod = pod;
  }

  /** The pod is gone from its source: what is left of it goes too. */
  remove(podUid: string): void {
    const worker = this.#workers.get(podUid);
    if (worker === undefined) return;
    worker.removed = true;
    if (worker.state === "syncing") this.#terminate(worker);
    this.#wake(worker);
  }

  /** Ends a pod that runs although nobody asked for it any more. */
  end(pod: Pod, failure?: PodFailure): void {
    if (this.#stopped) return;
    const worker = this.#workers.get(pod.metadata.uid) ?? this.#add(pod);
    worker.failure ??= failure;
    if (worker.state === "syncing") this.#terminate(worker);
    this.#wake(worker);
  }

  /** A pod of which only the runtime or the disk knows. */
  orphan(pod: Pod): void {
    this.end(pod);
    this.remove(pod.metadata.uid);
  }

  /** Something about the pod may have changed: look at it soon. */
  poke(podUid: string): void {
    const worker = this.#workers.get(podUid);
    if (worker !== undefined && worker.state !== "finished") this.#wake(worker);
  }

  pokeAll(): void {
    for (const uid of this.#workers.keys()) this.poke(uid);
  }

  /** Ends the workers, not the pods. */
  async close(): Promise<void> {
    this.#stopped = true;
    for (const worker of this.#workers.values()) {
      clearTimeout(worker.timer);
      worker.step.abort();
    }
    await Promise.all([...this.#workers.values()].map(async ({ running }) => await running));
  }

  #add(pod: Pod): Worker {
    const worker: Worker = {
      pod,
      state: "syncing",
      failure: undefined,
      removed: false,
      pending: false,
      step: new AbortController(),
      running: undefined,
      timer: undefined,
      failures: 0,
    };
    this.#workers.set(pod.metadata.uid, worker);
    return worker;
  }

  /** What is under way (an image pull, a slow mount) is of no use any more. */
  #terminate(worker: Worker): void {
    worker.state = "terminating";
    worker.step.abort();
  }

  #wake(worker: Worker): void {
    worker.pending = true;
    if (this.#stopped) return;
    worker.running ??= this.#run(worker).finally(() => {
      worker.running = undefined;
      // News may have come between the last look and here.
      if (worker.pending) this.#wake(worker);
    });
  }

  async #run(worker: Worker): Promise<void> {
    // Whoever woke it finishes its own work first: several pieces of news become one pass.
    await Promise.resolve();
    while (worker.pending && !this.#stopped) {
      worker.pending = false;
      clearTimeout(worker.timer);
      worker.step = new AbortController();
      try {
        const waitMs = await this.#step(worker, worker.step.signal);
        worker.failures = 0;
        this.#later(worker, waitMs);
      } catch (err) {
        if (this.#stopped) return;
        if (worker.step.signal.aborted) {
          // The state has moved on, or the grace became shorter.
          worker.pending = true;
          continue;
        }
        const waitMs = Math.min(firstRetryMs * 2 ** worker.failures++, maxRetryMs);
        // What the pod or the runtime is to blame for needs no stack.
        const expected = err instanceof PodError || err instanceof CriError;
        const why = expected ? { reason: err.message } : { err };
        this.#log.warn("pod not synced", {
          pod: nameOf(worker.pod),
          state: worker.state,
          retryAfterMs: waitMs,
          ...why,
        });
        this.#later(worker, waitMs);
      }
    }
  }

  /** One step of the pod's life; returns when to take the next look. */
  async #step(worker: Worker, signal: AbortSignal): Promise<number | undefined> {
    const { pod, failure } = worker;
    switch (worker.state) {
      case "syncing": {
        const { over, failure: found, retryAfterMs = resyncMs } = await this.#syncer.sync(pod, signal);
        if (!over || worker.state !== "syncing") return retryAfterMs;
        worker.failure ??= found;
        worker.state = "terminating";
        break;
      }
      case "terminating":
        await this.#syncer.syncTerminating(pod, failure, signal);
        worker.state = "terminated";
        break;
      case "terminated":
        await this.#syncer.syncTerminated(pod, failure, signal);
        worker.state = "finished";
        break;
      case "finished":
        await this.#syncer.finished(worker.pod, worker.removed);
        if (worker.removed) this.#workers.delete(pod.metadata.uid);
        return undefined;
    }
    worker.pending = true;
    return undefined;
  }

  #later(worker: Worker, waitMs: number | undefined): void {
    if (waitMs === undefined || worker.pending || this.#stopped) return;
    worker.timer = setTimeout(() => this.#wake(worker), waitMs);
  }
}

const nameOf = (pod: Pod): string => `${pod.metadata.namespace}/${pod.metadata.name}`;
