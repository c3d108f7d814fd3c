import { setTimeout as delay } from "node:timers/promises";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Event } from "#pkg/api/types/core-v1.ts";
import { isAbort, sleep } from "#pkg/async/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { ConflictError, type Store } from "#pkg/store/types.ts";
import type { Change, Entry, ResourceCache, Stored } from "./cache/index.ts";

/** Events read, or removed, in one turn. */
const STEP = 200;
/** Removals come no more often than this, so that a burst of Events goes in a few groups. */
const MIN_WAIT_MS = 1_000;
const MAX_WAIT_MS = 3_600_000;

export interface EventExpiryOptions {
  /** Of the core Events, in which events.k8s.io is stored too. */
  readonly cache: ResourceCache;
  readonly store: Store<Stored>;
  readonly log: Logger;
  readonly ttlMs: number;
  readonly now: () => number;
}

interface Due {
  readonly entry: Entry;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/**
 * Removes each Event some time after its last write (upstream's --event-ttl). A write puts it at the queue's end, so the
 * queue is always in the order in which Events are due and each write costs the same however many there are. After a
 * restart the Event's own times tell when it was last written.
 */
export class EventExpiry {
  readonly #options: EventExpiryOptions;
  /** By store key, the next to go first. */
  #queue = new Map<string, Due>();

  constructor(options: EventExpiryOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts. Takes note of writes from the call on. */
  async start(signal: AbortSignal): Promise<void> {
    const { cache } = this.#options;
    const stopListening = cache.listen("", (change) => this.#note(change));
    try {
      await this.#load(signal);
      for (;;) {
        await this.#removeDue(signal);
        // Nobody's process lives on for this alone.
        await delay(this.#waitMs(), undefined, { signal, ref: false });
      }
    } catch (err) {
      if (!isAbort(err)) throw err;
    } finally {
      stopListening();
    }
  }

  #note({ entry, deleted }: Change): void {
    const { cache, now, ttlMs } = this.#options;
    const key = cache.key(entry.namespace, entry.name);
    this.#queue.delete(key);
    if (!deleted) this.#queue.set(key, { entry, at: now() + ttlMs });
  }

  /** Queues what was there before; between the steps requests are answered. */
  async #load(signal: AbortSignal): Promise<void> {
    const { cache, now, ttlMs } = this.#options;
    const found: Due[] = [];
    for (const [i, entry] of cache.list("").entries()) {
      if (i % STEP === STEP - 1) await sleep(0, signal);
      const at = Math.min(writtenAt(entry.view.object) ?? now(), now()) + ttlMs;
      entry.view.forgetObject();
      found.push({ entry, at });
    }
    const written = this.#queue;
    this.#queue = new Map();
    found.sort((a, b) => a.at - b.at);
    for (const due of found) {
      const { namespace, name } = due.entry;
      // Whatever was written or removed meanwhile is known better.
      if (cache.get(namespace, name) === due.entry) this.#queue.set(cache.key(namespace, name), due);
    }
    for (const [key, due] of written) this.#queue.set(key, due);
  }

  #waitMs(): number {
    const { now, ttlMs } = this.#options;
    const [next] = this.#queue.values();
    // What is not there yet is not due before its whole time has passed.
    const wait = next === undefined ? ttlMs : next.at - now();
    return Math.min(Math.max(wait, Math.min(MIN_WAIT_MS, ttlMs / 10)), MAX_WAIT_MS);
  }

  async #removeDue(signal: AbortSignal): Promise<void> {
    const { store, log, now } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      const removals: Promise<unknown>[] = [];
      for (const [key, { entry, at }] of this.#queue) {
        if (at > now() || removals.length === STEP) break;
        removals.push(
          store.delete(key, entry.revision).catch((err: unknown) => {
            // Somebody was faster: it is gone, or it was written again and stays.
            if (!(err instanceof ConflictError)) throw err;
          }),
        );
      }
      if (removals.length === 0) return;
      const failed = (await Promise.allSettled(removals)).find((outcome) => outcome.status === "rejected");
      if (failed === undefined) continue;
      if (!signal.aborted) log.error("cannot remove expired events", { err: failed.reason });
      return;
    }
  }
}

/** The last time that an Event tells of itself: milliseconds since 1970. */
function writtenAt(object: KubeObject): number | undefined {
  const { metadata, lastTimestamp, eventTime, series } = object as Event;
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime]
    .map((time) => (typeof time === "string" ? Date.parse(time) : Number.NaN))
    .filter((time) => !Number.isNaN(time));
  return times.length === 0 ? undefined : Math.max(...times);
}
