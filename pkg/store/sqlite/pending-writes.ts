import { type Codec, ConflictError, type StoreEvent } from "../types.ts";
import type { Committed } from "./protocol.ts";
import type { LazyEvent } from "./watchers.ts";

interface Write<T> {
  readonly key: string;
  /** Undefined for a deletion. */
  readonly value: T | undefined;
  readonly expected: number;
  readonly resolve: (revision: number) => void;
  readonly reject: (err: Error) => void;
}

/** The writes that the thread has not answered yet, oldest first: it answers in the order of asking, so no ids are needed. */
export class PendingWrites<T> {
  readonly #codec: Codec<T>;
  #queue: Write<T>[] = [];

  constructor(codec: Codec<T>) {
    this.#codec = codec;
  }

  add(key: string, value: T | undefined, expected: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ key, value, expected, resolve, reject });
    });
  }

  /** Matches a group's results with its writes: the events in revision order, and a function that answers the writers. */
  settle(committed: Committed): { events: LazyEvent<T>[]; answer: () => void } {
    const { results, deleted } = committed;
    const writes = this.#take(results.length);
    const events: LazyEvent<T>[] = [];
    let deletions = 0;
    for (const [i, write] of writes.entries()) {
      const revision = results[i] as number;
      if (revision <= 0) continue;
      const { key, value, expected: previousRevision } = write;
      if (value === undefined) {
        events.push(this.#deletion(key, revision, previousRevision, deleted[deletions++] as string));
        continue;
      }
      const event: StoreEvent<T> = { type: "put", key, revision, value, previousRevision };
      events.push({ key, revision, event: () => event });
    }
    const answer = (): void => {
      for (const [i, { key, expected, resolve, reject }] of writes.entries()) {
        const result = results[i] as number;
        if (result > 0) resolve(result);
        else reject(new ConflictError(key, expected, -1 - result));
      }
    };
    return { events, answer };
  }

  /** Rejects the oldest `count` writes. */
  fail(count: number, err: Error): void {
    for (const { reject } of this.#take(count)) reject(err);
  }

  #deletion(key: string, revision: number, previousRevision: number, text: string): LazyEvent<T> {
    let made: StoreEvent<T> | undefined;
    const event = (): StoreEvent<T> => {
      const value = this.#codec.decode(text, key, previousRevision);
      return { type: "delete", key, revision, value, previousRevision };
    };
    return { key, revision, event: () => (made ??= event()) };
  }

  #take(count: number): Write<T>[] {
    const taken = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(taken.length);
    return taken;
  }
}
