/**
 * The store's contract: a revisioned key-value store with etcd's guarantees. SQLite meets it today, etcd v3 later;
 * nothing above this folder may know which. `conformance.ts` is the suite that every backend passes.
 *
 *   writer ──put/delete──▶ Store ──one transaction per group──▶ disk
 *                            │ after the commit, in revision order
 *                            ├──▶ the writer's promise resolves
 *                            └──▶ watchers get the event            (both in the same turn of the event loop)
 *
 * - One strictly increasing revision for the whole store; every successful write takes the next one.
 * - Every write is a compare-and-swap on the key's own revision (0 = the key must not exist).
 * - A write is answered after it is durable: it survives `kill -9` and power loss.
 * - Watch is ordered, complete, unique and resumable from a revision, or says "compacted".
 *
 * `T` is the value as the caller holds it. The backend stores `codec.encode(value)`; an event or a read that began with
 * a write of this very process may carry the same `T` that was written, so values must be frozen.
 */
export interface Store<T> {
  /** The newest committed revision. Never goes back, not even over a restart. */
  readonly revision: number;
  /** Reads and watches from below this revision are gone; it is itself complete. 0 when nothing was compacted. */
  readonly compactedRevision: number;

  /** Writes `value` when the key's revision is `expected`; resolves to the new revision. @throws {ConflictError} */
  put(key: string, value: T, expected: number): Promise<number>;
  /** Removes the key when its revision is `expected`; resolves to the revision of the removal. @throws {ConflictError} */
  delete(key: string, expected: number): Promise<number>;

  /** One key, now. */
  get(key: string): Promise<Entry<T> | undefined>;
  /** Keys with the prefix in byte order. @throws {CompactedError} */
  list(prefix: string, options?: ListOptions): Promise<ListResult<T>>;
  /**
   * Calls back for every event with `prefix` and revision > `from`, in order, in batches. The replay of history comes
   * first, then live events; returns a function that stops. The listener runs on the store's turn: it must only
   * enqueue. Resolves when the replay was delivered. @throws {CompactedError} when history from `from` is no longer complete
   */
  watch(prefix: string, from: number, listener: (events: readonly StoreEvent<T>[]) => void): Promise<() => void>;

  /**
   * A page of history: the changes of keys with `prefix` after `from` and up to `to`, in order, each with the value before
   * it. Ends early when the page is full; `revision` says how far it came. @throws {CompactedError} as `watch`
   */
  changes(prefix: string, from: number, to: number): Promise<ChangePage<T>>;

  /**
   * Forgets what was overwritten or deleted at and below `revision` (at most the newest), in small steps; the state at
   * `revision` stays readable. Resolves when the space is free again.
   */
  compact(revision: number): Promise<void>;
  /** Bytes on disk, for metrics and `minik status`. */
  stats(): Promise<{ readonly sizeBytes: number; readonly walBytes: number; readonly keys: number }>;
  /** Finishes what was accepted, then closes. */
  close(): Promise<void>;
}

export interface Codec<T> {
  encode(value: T): string;
  /** `revision` is the revision that wrote the value. */
  decode(text: string, key: string, revision: number): T;
}

export interface Entry<T> {
  readonly key: string;
  readonly value: T;
  /** Revision of the key's last write (etcd's mod_revision). */
  readonly revision: number;
}

export interface ListOptions {
  /** A snapshot at this revision; the newest when absent. */
  readonly revision?: number;
  /** Only keys after this one. */
  readonly after?: string;
  readonly limit?: number;
}

export interface ListResult<T> {
  readonly entries: readonly Entry<T>[];
  /** The revision of the snapshot. */
  readonly revision: number;
  readonly more: boolean;
  /** Keys that the limit left out; only when `more`. */
  readonly remaining: number;
}

export interface StoreEvent<T> {
  readonly type: "put" | "delete";
  readonly key: string;
  readonly revision: number;
  /** The value written; for a delete the last value. */
  readonly value: T;
  /** Revision of the value before; 0 for a creation. */
  readonly previousRevision: number;
}

/** An event, and what the key's value was before it. */
export interface StoreChange<T> extends StoreEvent<T> {
  /** Undefined for a creation; for a delete the same as `value`. */
  readonly previousValue: T | undefined;
}

export interface ChangePage<T> {
  readonly changes: readonly StoreChange<T>[];
  /** Every change up to here is in this page or an earlier one. */
  readonly revision: number;
}

/** The compare-and-swap lost. `actual` is the key's revision, 0 when it does not exist. */
export class ConflictError extends Error {
  readonly code = "STORE_CONFLICT";
  readonly actual: number;
  constructor(key: string, expected: number, actual: number) {
    super(`Cannot write "${key}": expected revision ${expected}, found ${actual}`);
    this.name = "ConflictError";
    this.actual = actual;
  }
}

/** The revision asked for was compacted away. */
export class CompactedError extends Error {
  readonly code = "STORE_COMPACTED";
  readonly compactedRevision: number;
  constructor(revision: number, compactedRevision: number) {
    super(`Revision ${revision} is compacted; the oldest complete revision is ${compactedRevision}`);
    this.name = "CompactedError";
    this.compactedRevision = compactedRevision;
  }
}

/** The disk refused (full, read-only, failing). The write did not happen. */
export class StoreUnavailableError extends Error {
  readonly code = "STORE_UNAVAILABLE";
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreUnavailableError";
  }
}
