import type { Logger } from "#pkg/log/index.ts";
import {
  type ChangePage,
  type Codec,
  CompactedError,
  type Entry,
  type ListOptions,
  type ListResult,
  type Store,
  type StoreChange,
  type StoreEvent,
  StoreUnavailableError,
} from "../types.ts";
import { PendingWrites } from "./pending-writes.ts";
import type { Batch, Reply, Request, Result, Rows, Stats } from "./protocol.ts";
import { Watchers } from "./watchers.ts";

/** The SQLite thread, and its helper, as the store sees them. */
export interface StoreThread {
  post(batch: Batch): void;
  checkpoint(): void;
  /** Ends the threads after `close` was answered. */
  end(): Promise<void>;
}

type WithoutId<R> = R extends Request ? Omit<R, "id"> : never;

interface Waiting {
  readonly onRows: ((rows: Rows) => void) | undefined;
  readonly resolve: (result: Result) => void;
  readonly reject: (err: Error) => void;
}

/**
 * The caller's side of the store. It keeps the `T` of every write in flight, so that events and answers of local writes
 * carry that very object: only text crosses to the SQLite thread, and only revisions come back.
 */
export class SqliteStore<T> implements Store<T> {
  readonly #thread: StoreThread;
  readonly #codec: Codec<T>;
  readonly #log: Logger;
  readonly #writes: PendingWrites<T>;
  readonly #watchers = new Watchers<T>();
  readonly #waiting = new Map<number, Waiting>();
  #batch: Batch = emptyBatch();
  #flushing = false;
  #nextId = 1;
  #revision: number;
  #compacted: number;
  #closing: Promise<void> | undefined;
  /** Why nothing more is accepted. */
  #refusal: StoreUnavailableError | undefined;

  constructor(deps: { thread: StoreThread; codec: Codec<T>; log: Logger; revision: number; compacted: number }) {
    this.#thread = deps.thread;
    this.#codec = deps.codec;
    this.#log = deps.log;
    this.#revision = deps.revision;
    this.#compacted = deps.compacted;
    this.#writes = new PendingWrites<T>(deps.codec);
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#compacted;
  }

  async put(key: string, value: T, expected: number): Promise<number> {
    return this.#write(key, this.#codec.encode(value), value, expected);
  }

  delete(key: string, expected: number): Promise<number> {
    return this.#write(key, null, undefined, expected);
  }

  async get(key: string): Promise<Entry<T> | undefined> {
    const found = (await this.#ask({ type: "get", key })) as { revision: number; value: string } | undefined;
    if (found === undefined) return undefined;
    return { key, value: this.#codec.decode(found.value, key, found.revision), revision: found.revision };
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListResult<T>> {
    const entries: Entry<T>[] = [];
    const { revision: at, after, limit } = options;
    const done = await this.#ask({ type: "list", prefix, revision: at, after, limit }, (rows) => {
      for (let i = 0; i < rows.keys.length; i++) {
        const [key, revision] = [rows.keys[i] as string, rows.revisions[i] as number];
        entries.push({ key, value: this.#codec.decode(rows.values[i] as string, key, revision), revision });
      }
    });
    const { revision, remaining } = done as { revision: number; remaining: number };
    return { entries, revision, more: remaining > 0, remaining };
  }

  async watch(prefix: string, from: number, listener: (events: readonly StoreEvent<T>[]) => void): Promise<() => void> {
    const watcher = this.#watchers.add(prefix, from, listener);
    const stop = (): void => this.#watchers.remove(watcher);
    // Nothing happened since `from`: the usual start after a list needs no replay.
    if (from >= this.#revision && this.#refusal === undefined) {
      this.#watchers.goLive(watcher, from);
      return stop;
    }
    try {
      await this.#ask(
        { type: "replay", prefix, from },
        (rows) => listener(this.#eventsOf(rows)),
        (result) => {
          // In the turn of the answer: a later group must find the watcher live.
          this.#watchers.goLive(watcher, (result as { revision: number }).revision);
        },
      );
    } catch (err) {
      stop();
      throw err;
    }
    return stop;
  }

  async changes(prefix: string, from: number, to: number): Promise<ChangePage<T>> {
    const changes: StoreChange<T>[] = [];
    const done = await this.#ask({ type: "changes", prefix, from, to }, (rows) => {
      for (const [i, event] of this.#eventsOf(rows).entries()) {
        const { type, key, value, previousRevision } = event;
        const before = rows.before[i] ?? undefined;
        let previousValue: T | undefined;
        if (type === "delete") previousValue = value;
        else if (before !== undefined) previousValue = this.#codec.decode(before, key, previousRevision);
        changes.push({ ...event, previousValue });
      }
    });
    return { changes, revision: (done as { revision: number }).revision };
  }

  async compact(revision: number): Promise<void> {
    await this.#ask({ type: "compact", revision });
  }

  async stats(): Promise<Stats> {
    return (await this.#ask({ type: "stats" })) as Stats;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = this.#ask({ type: "close" });
    this.#refusal ??= new StoreUnavailableError("The store is closed");
    try {
      await closed;
    } finally {
      this.#watchers.clear();
      await this.#thread.end();
    }
  }

  /** The thread's answers. Events first, then the promises of their writers, all in this turn. */
  receive(reply: Reply): void {
    switch (reply.type) {
      case "committed": {
        const group = this.#writes.settle(reply);
        this.#revision = group.events[group.events.length - 1]?.revision ?? this.#revision;
        this.#watchers.deliver(group.events);
        group.answer();
        return;
      }
      case "writesFailed":
        this.#log.error("store write failed", { writes: reply.count, reason: reply.message });
        this.#writes.fail(reply.count, new StoreUnavailableError(`The store cannot write: ${reply.message}`));
        return;
      case "compacted":
        this.#compacted = reply.compacted;
        return;
      case "rows":
        this.#waiting.get(reply.id)?.onRows?.(reply.rows);
        return;
      case "done":
        this.#take(reply.id)?.resolve(reply.result);
        return;
      case "failed":
        this.#take(reply.id)?.reject(new StoreUnavailableError(`The store failed: ${reply.message}`));
        return;
      case "compactedAway":
        this.#take(reply.id)?.reject(new CompactedError(reply.revision, reply.compacted));
        return;
      case "checkpointWanted":
        this.#thread.checkpoint();
        return;
      case "ready":
      case "openFailed":
        throw new Error(`Unexpected "${reply.type}" from the store's thread`);
    }
  }

  /** The thread is gone: everything that waits, and everything later, is refused. */
  abandon(cause: Error): void {
    const err = new StoreUnavailableError(`The store's thread ended: ${cause.message}`, { cause });
    this.#refusal ??= err;
    this.#writes.fail(Number.POSITIVE_INFINITY, err);
    for (const { reject } of this.#waiting.values()) reject(err);
    this.#waiting.clear();
  }

  #write(key: string, text: string | null, value: T | undefined, expected: number): Promise<number> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    this.#batch.keys.push(key);
    this.#batch.values.push(text);
    this.#batch.expected.push(expected);
    this.#flushLater();
    return this.#writes.add(key, value, expected);
  }

  #ask(request: WithoutId<Request>, onRows?: (rows: Rows) => void, onDone?: (result: Result) => void): Promise<Result> {
    if (this.#refusal !== undefined) return Promise.reject(this.#refusal);
    const id = this.#nextId++;
    this.#batch.requests.push({ ...request, id });
    this.#flushLater();
    return new Promise((resolve, reject) => {
      const done = (result: Result): void => {
        onDone?.(result);
        resolve(result);
      };
      this.#waiting.set(id, { onRows, resolve: done, reject });
    });
  }

  /** One message for all that is asked in this turn. */
  #flushLater(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      const batch = this.#batch;
      this.#batch = emptyBatch();
      this.#thread.post(batch);
    });
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #eventsOf(rows: Rows): StoreEvent<T>[] {
    return rows.keys.map((key, i) => {
      const [revision, previousRevision] = [rows.revisions[i] as number, rows.previous[i] as number];
      const deleted = rows.deleted[i] === true;
      const value = this.#codec.decode(rows.values[i] as string, key, deleted ? previousRevision : revision);
      return { type: deleted ? "delete" : "put", key, revision, value, previousRevision };
    });
  }
}

const emptyBatch = (): Batch => ({ keys: [], values: [], expected: [], requests: [] });
