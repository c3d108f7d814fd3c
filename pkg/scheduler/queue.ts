import { Heap } from "./heap.ts";
import type { PodInfo } from "./pod-info.ts";
import type { ClusterEvent, FilterPlugin } from "./types.ts";

/** How long a pod that found no node waits: doubled with every attempt. */
export interface PodBackoff {
  readonly initialMs: number;
  readonly maxMs: number;
}
/** Upstream's podInitialBackoffSeconds and podMaxBackoffSeconds. */
const BACKOFF: PodBackoff = { initialMs: 1_000, maxMs: 10_000 };
/** Pods that no event helped are tried again after this long. */
const MAX_UNSCHEDULABLE_MS = 5 * 60_000;
const FLUSH_PERIOD_MS = 30_000;

export interface QueuedPod {
  pod: PodInfo;
  /** Among equals the lowest goes first; a pod that failed goes behind those that came meanwhile. */
  order: number;
  /** Cycles it went through. */
  attempts: number;
  /** Filter plugins that rejected it in its last cycle. */
  rejectedBy: ReadonlySet<string>;
  /** When its last cycle failed. */
  failedAtMs: number;
  /** Events that came while its cycle or binding was under way and may have made the verdict stale. */
  readonly missed: Set<ClusterEvent>;
}

/**
 * Pods that wait for a node.
 *
 *   add ──▶ active ──pop──▶ (in flight) ──failed──▶ unschedulable ──event that may help──▶ backoff ──time──▶ active
 *   add with scheduling gates ──▶ gated ──gates gone──▶ active
 */
export class SchedulingQueue {
  readonly #active: Heap<QueuedPod>;
  readonly #backoff: Heap<QueuedPod>;
  readonly #unschedulable = new Map<string, QueuedPod>();
  readonly #inFlight = new Map<string, QueuedPod>();
  readonly #gated = new Map<string, QueuedPod>();
  /** Which events help pods rejected by a plugin. */
  readonly #retryOn: ReadonlyMap<string, ReadonlySet<ClusterEvent>>;
  readonly #now: () => number;
  readonly #onActive: () => void;
  readonly #limits: PodBackoff;
  #backoffTimer: NodeJS.Timeout | undefined;
  #flushTimer: NodeJS.Timeout | undefined;
  #lastOrder = 0;
  #closed = false;

  constructor(parts: {
    readonly filters: readonly FilterPlugin[];
    /** Called when a pod became active. */
    readonly onActive: () => void;
    readonly backoff?: PodBackoff | undefined;
    readonly now?: () => number;
  }) {
    this.#retryOn = new Map(parts.filters.map((plugin) => [plugin.name, new Set(plugin.retryOn)]));
    this.#onActive = parts.onActive;
    this.#limits = parts.backoff ?? BACKOFF;
    this.#now = parts.now ?? Date.now;
    const keyOf = (queued: QueuedPod): string => queued.pod.key;
    this.#active = new Heap(keyOf, (a, b) =>
      a.pod.priority === b.pod.priority ? a.order < b.order : a.pod.priority > b.pod.priority,
    );
    this.#backoff = new Heap(keyOf, (a, b) => this.#backoffEnd(a) < this.#backoffEnd(b));
    this.#flushTimer = setInterval(() => this.flushUnschedulable(), FLUSH_PERIOD_MS);
    this.#flushTimer.unref();
  }

  get activeCount(): number {
    return this.#active.size;
  }

  /** All pods here that are not in flight. */
  get pendingCount(): number {
    return this.#active.size + this.#backoff.size + this.#unschedulable.size + this.#gated.size;
  }

  add(pod: PodInfo): void {
    const queued: QueuedPod = {
      pod,
      order: ++this.#lastOrder,
      attempts: 0,
      rejectedBy: new Set(),
      failedAtMs: 0,
      missed: new Set(),
    };
    if (isGated(pod)) this.#gated.set(pod.key, queued);
    else this.#activate(queued);
  }

  /** A pending pod changed. `relevant` when the change may make it fit. */
  update(pod: PodInfo, relevant: boolean): void {
    const { key } = pod;
    const flying = this.#inFlight.get(key);
    if (flying !== undefined) {
      flying.pod = pod;
      return;
    }
    const gated = this.#gated.get(key);
    if (gated !== undefined) {
      gated.pod = pod;
      if (isGated(pod)) return;
      this.#gated.delete(key);
      this.#activate(gated);
      return;
    }
    for (const heap of [this.#active, this.#backoff]) {
      const queued = heap.get(key);
      if (queued === undefined) continue;
      queued.pod = pod;
      heap.push(queued);
      return;
    }
    const waiting = this.#unschedulable.get(key);
    if (waiting === undefined) {
      this.add(pod);
      return;
    }
    waiting.pod = pod;
    if (relevant) this.#retry(waiting);
  }

  delete(key: string): void {
    this.#active.remove(key);
    this.#backoff.remove(key);
    this.#unschedulable.delete(key);
    this.#gated.delete(key);
    this.#inFlight.delete(key);
  }

  /** The next pod to place; it stays in flight until `done` or `requeue`. */
  pop(): QueuedPod | undefined {
    const queued = this.#active.pop();
    if (queued === undefined) return undefined;
    queued.attempts++;
    queued.missed.clear();
    this.#inFlight.set(queued.pod.key, queued);
    return queued;
  }

  /** The pod is bound, or gone. */
  done(key: string): void {
    this.#inFlight.delete(key);
  }

  /**
   * The pod found no node (`rejectedBy` says because of whom), or its binding failed (`rejectedBy` is empty: nothing
   * that happens will help, only trying again). A pod deleted meanwhile is not taken back.
   */
  requeue(queued: QueuedPod, rejectedBy: ReadonlySet<string>): void {
    if (this.#inFlight.get(queued.pod.key) !== queued) return;
    this.#inFlight.delete(queued.pod.key);
    queued.rejectedBy = rejectedBy;
    queued.failedAtMs = this.#now();
    queued.order = ++this.#lastOrder;
    const helped = [...queued.missed].some((event) => this.#helps(event, queued));
    if (rejectedBy.size === 0 || helped) this.#retry(queued);
    else this.#unschedulable.set(queued.pod.key, queued);
  }

  /** Something changed: pods that a plugin interested in it rejected get another try. */
  onEvent(event: ClusterEvent): void {
    for (const queued of this.#inFlight.values()) queued.missed.add(event);
    for (const queued of this.#unschedulable.values()) if (this.#helps(event, queued)) this.#retry(queued);
  }

  /** Tries what waited for five minutes, in case an event was missed. */
  flushUnschedulable(): void {
    const before = this.#now() - MAX_UNSCHEDULABLE_MS;
    for (const queued of this.#unschedulable.values()) if (queued.failedAtMs < before) this.#retry(queued);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#flushTimer);
    clearTimeout(this.#backoffTimer);
  }

  #helps(event: ClusterEvent, queued: QueuedPod): boolean {
    for (const plugin of queued.rejectedBy) if (this.#retryOn.get(plugin)?.has(event) === true) return true;
    return false;
  }

  /** To the active queue, after what is left of the pod's backoff. */
  #retry(queued: QueuedPod): void {
    this.#unschedulable.delete(queued.pod.key);
    if (this.#backoffEnd(queued) <= this.#now()) {
      this.#activate(queued);
      return;
    }
    this.#backoff.push(queued);
    this.#planBackoff();
  }

  #backoffEnd({ attempts, failedAtMs }: QueuedPod): number {
    if (attempts === 0) return 0;
    return failedAtMs + Math.min(this.#limits.maxMs, this.#limits.initialMs * 2 ** Math.min(attempts - 1, 20));
  }

  #activate(queued: QueuedPod): void {
    this.#active.push(queued);
    this.#onActive();
  }

  #planBackoff(): void {
    clearTimeout(this.#backoffTimer);
    const next = this.#backoff.peek();
    if (next === undefined || this.#closed) return;
    const waitMs = Math.max(0, this.#backoffEnd(next) - this.#now());
    this.#backoffTimer = setTimeout(() => this.flushBackoff(), waitMs);
  }

  /** Activates the pods whose backoff has ended. */
  flushBackoff(): void {
    for (let next = this.#backoff.peek(); next !== undefined; next = this.#backoff.peek()) {
      if (this.#backoffEnd(next) > this.#now()) break;
      this.#backoff.pop();
      this.#activate(next);
    }
    this.#planBackoff();
  }
}

const isGated = ({ pod }: PodInfo): boolean => (pod.spec.schedulingGates ?? []).length > 0;
