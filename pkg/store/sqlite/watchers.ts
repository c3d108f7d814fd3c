import type { StoreEvent } from "../types.ts";

type Listener<T> = (events: readonly StoreEvent<T>[]) => void;

interface Watcher<T> {
  readonly prefix: string;
  readonly listener: Listener<T>;
  /** Events at and below this revision were delivered or are not wanted. */
  from: number;
  /** Live events that wait for the replay to end; undefined once live. */
  held: StoreEvent<T>[] | undefined;
}

/** An event whose value is decoded only if a watcher wants it. */
export interface LazyEvent<T> {
  readonly key: string;
  readonly revision: number;
  event(): StoreEvent<T>;
}

/** Hands each committed group's events to the watchers, in order, a batch per watcher. */
export class Watchers<T> {
  readonly #watchers = new Set<Watcher<T>>();

  /** A watcher that holds live events back until `goLive`. */
  add(prefix: string, from: number, listener: Listener<T>): Watcher<T> {
    const watcher: Watcher<T> = { prefix, from, listener, held: [] };
    this.#watchers.add(watcher);
    return watcher;
  }

  remove(watcher: Watcher<T>): void {
    this.#watchers.delete(watcher);
  }

  /** History was delivered up to `upTo`: hands over what was held and is newer. */
  goLive(watcher: Watcher<T>, upTo: number): void {
    const from = Math.max(upTo, watcher.from);
    const held = (watcher.held ?? []).filter((event) => event.revision > from);
    watcher.from = from;
    watcher.held = undefined;
    if (held.length > 0 && this.#watchers.has(watcher)) watcher.listener(held);
  }

  deliver(group: readonly LazyEvent<T>[]): void {
    if (group.length === 0) return;
    for (const watcher of this.#watchers) {
      const events: StoreEvent<T>[] = [];
      for (const lazy of group) {
        if (lazy.revision > watcher.from && lazy.key.startsWith(watcher.prefix)) events.push(lazy.event());
      }
      if (events.length === 0) continue;
      if (watcher.held === undefined) watcher.listener(events);
      else watcher.held.push(...events);
    }
  }

  clear(): void {
    this.#watchers.clear();
  }
}
