import type { ObjectReference } from "#pkg/api/types/core-v1.ts";

/** An event as a component reports it. */
export interface ReportedEvent {
  readonly regarding: ObjectReference;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly action?: string;
  readonly related?: ObjectReference;
}

/** One Event object to be: created once, then counted up. */
export interface Correlated {
  readonly event: ReportedEvent;
  message: string;
  count: number;
  readonly firstMs: number;
  lastMs: number;
  /** The Event's name once it was created. */
  name: string | undefined;
}

/** Numbers of client-go's EventCorrelator. */
const MAX_ENTRIES = 4096;
/** Events about one object with the same reason but different messages are combined from this many on, … */
const MAX_SIMILAR = 10;
/** … counted over this time. */
const SIMILAR_MS = 600_000;
/** Per object: this many at once, and one more every five minutes. */
const SPAM_BURST = 25;
const SPAM_QPS = 1 / 300;

/** Decides what an event becomes: a new Event, one more on the count of a known one, or nothing (spam). */
export class EventCorrelator {
  readonly #events = new Map<string, Correlated>();
  readonly #similar = new Map<string, { readonly messages: Set<string>; sinceMs: number }>();
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  /** Undefined when the object's events come too fast. */
  correlate(event: ReportedEvent, nowMs: number): Correlated | undefined {
    const { kind, namespace, name, uid, apiVersion, fieldPath } = event.regarding;
    const object = [kind, namespace, name, uid, apiVersion].join("\n");
    const similarKey = [object, fieldPath, event.type, event.reason, event.action].join("\n");
    const combined = this.#isOneOfMany(similarKey, event.message, nowMs);
    const key = combined ? similarKey : `${similarKey}\n${event.message}`;
    const message = combined ? `(combined from similar events): ${event.message}` : event.message;
    if (!this.#admits(object, nowMs)) return undefined;

    const known = touch(this.#events, key);
    if (known !== undefined) {
      known.count++;
      known.lastMs = nowMs;
      known.message = message;
      return known;
    }
    const made: Correlated = { event, message, count: 1, firstMs: nowMs, lastMs: nowMs, name: undefined };
    put(this.#events, key, made);
    return made;
  }

  #isOneOfMany(key: string, message: string, nowMs: number): boolean {
    let similar = touch(this.#similar, key);
    if (similar === undefined || nowMs - similar.sinceMs > SIMILAR_MS) {
      similar = { messages: new Set(), sinceMs: nowMs };
      put(this.#similar, key, similar);
    }
    similar.sinceMs = nowMs;
    if (similar.messages.size < MAX_SIMILAR) similar.messages.add(message);
    return similar.messages.size >= MAX_SIMILAR;
  }

  #admits(object: string, nowMs: number): boolean {
    const bucket = touch(this.#buckets, object) ?? { tokens: SPAM_BURST, atMs: nowMs };
    bucket.tokens = Math.min(SPAM_BURST, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * SPAM_QPS);
    bucket.atMs = nowMs;
    put(this.#buckets, object, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}

/** Reads an entry and makes it the youngest. */
function touch<T>(map: Map<string, T>, key: string): T | undefined {
  const value = map.get(key);
  if (value !== undefined) {
    map.delete(key);
    map.set(key, value);
  }
  return value;
}

function put<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= MAX_ENTRIES) return;
  // Many at once: finding the oldest means passing by all that were deleted since the map was last rebuilt.
  let surplus = MAX_ENTRIES / 8;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    if (--surplus === 0) return;
  }
}
