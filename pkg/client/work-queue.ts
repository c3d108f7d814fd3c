import { isAbort } from "#pkg/async/index.ts";
import { isConflict } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { RateLimiter, type RateLimits } from "./rate-limiter.ts";

/** Makes the world match the key's object. A rejection is retried with backoff; a result may ask for a later visit. */
export type Sync = (
  key: string,
  signal: AbortSignal,
) => Promise<{ readonly requeueAfterMs: number } | undefined | void>;

/**
 * Keys waiting to be synced. A key is held once however often it is added, and never synced twice at the same time:
 * added while it is processed, it comes again afterwards.
 *
 *   add ──▶ queued ──▶ processing ──▶ done
 *    ▲        ▲            │ failed: rate-limited wait
 *    └ addAfter (timer) ◀──┘
 */
export class WorkQueue {
  readonly #sync: Sync;
  readonly #workers: number;
  readonly #name: string;
  readonly #log: Logger;
  readonly #limiter: RateLimiter;
  readonly #queued = new Set<string>();
  readonly #processing = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly timer: NodeJS.Timeout }>();
  #signal: AbortSignal | undefined;
  #yieldedAt = 0;
  #pumpPlanned = false;

  constructor(parts: {
    /** Said in logs: "deployment". */
    readonly name: string;
    readonly sync: Sync;
    /** How many keys are synced at the same time. */
    readonly workers: number;
    readonly log: Logger;
    readonly rateLimits?: RateLimits;
  }) {
    this.#name = parts.name;
    this.#sync = parts.sync;
    this.#workers = parts.workers;
    this.#log = parts.log;
    this.#limiter = new RateLimiter(parts.rateLimits);
  }

  /** Keys queued now, without those delayed or in progress. */
  get length(): number {
    return this.#queued.size;
  }

  add(key: string): void {
    if (this.#signal?.aborted === true) return;
    if (this.#processing.has(key)) {
      this.#again.add(key);
      return;
    }
    this.#queued.add(key);
    this.#planPump();
  }

  /**
   * Adds the key after a wait, or earlier when it is already due earlier. What adds the key meanwhile does not cancel
   * the visit: it may be the only one at which a deadline is noticed.
   */
  addAfter(key: string, delayMs: number): void {
    if (this.#signal?.aborted === true) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = performance.now() + delayMs;
    const known = this.#delayed.get(key);
    if (known !== undefined) {
      if (known.dueMs <= dueMs) return;
      clearTimeout(known.timer);
    }
    // Timers hold at most 2^31 ms; a key that wakes early only syncs once more than needed.
    const wake = (): void => {
      this.#delayed.delete(key);
      this.add(key);
    };
    const timer = setTimeout(wake, Math.min(delayMs, 2 ** 31 - 1));
    this.#delayed.set(key, { dueMs, timer });
  }

  /** Adds the key after its backoff, counting a failure. */
  addRateLimited(key: string): void {
    this.addAfter(key, this.#limiter.whenMs(key));
  }

  /** Ends the key's backoff; a successful sync does so by itself. */
  forget(key: string): void {
    this.#limiter.forget(key);
  }

  retries(key: string): number {
    return this.#limiter.retries(key);
  }

  /** Works until the signal aborts, then waits for the syncs in progress (which get the same signal). */
  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#planPump();
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }
    for (const { timer } of this.#delayed.values()) clearTimeout(timer);
    this.#delayed.clear();
    this.#queued.clear();
    await Promise.all(this.#processing.values());
  }

  #planPump(): void {
    if (this.#pumpPlanned || this.#signal === undefined) return;
    this.#pumpPlanned = true;
    // A flood of syncs that never wait for I/O would keep timers and sockets from running.
    if (performance.now() - this.#yieldedAt > 5) {
      setImmediate(() => {
        this.#yieldedAt = performance.now();
        this.#pump();
      });
    } else {
      queueMicrotask(() => this.#pump());
    }
  }

  #pump(): void {
    this.#pumpPlanned = false;
    const signal = this.#signal;
    if (signal === undefined || signal.aborted) return;
    for (const key of this.#queued) {
      if (this.#processing.size >= this.#workers) return;
      this.#queued.delete(key);
      // Entered here before the first line of sync runs, which may add the key again.
      this.#processing.set(
        key,
        Promise.resolve().then(() => this.#process(key, signal)),
      );
    }
  }

  async #process(key: string, signal: AbortSignal): Promise<void> {
    let requeueAfterMs: number | undefined;
    let failed = false;
    try {
      requeueAfterMs = (await this.#sync(key, signal))?.requeueAfterMs;
    } catch (err) {
      failed = true;
      // Losing a race is how optimistic concurrency works; being stopped is no failure.
      const level = isConflict(err) || (signal.aborted && isAbort(err)) ? "debug" : "warn";
      this.#log[level]("sync failed", { queue: this.#name, key, retries: this.retries(key), err });
    }
    this.#processing.delete(key);
    if (failed) this.addRateLimited(key);
    else this.#limiter.forget(key);
    // News that came meanwhile may be what the sync was missing: it does not wait for the backoff.
    if (this.#again.delete(key)) this.add(key);
    else if (requeueAfterMs !== undefined) this.addAfter(key, requeueAfterMs);
    this.#planPump();
  }
}
