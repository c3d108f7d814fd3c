import type { Store } from "#pkg/store/types.ts";
import { bounded, headOf, Histogram } from "./http/metric-text.ts";

const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
/** Groups of custom resources come and go. */
const MAX_SERIES = 2_000;
const NAME = "etcd_request_duration_seconds";

/** A store that notes how long it takes, by operation and resource, under the name that upstream has for that of etcd. */
export class MeasuredStore<T> implements Store<T> {
  readonly #store: Store<T>;
  readonly #times = new Map<string, Histogram>();

  constructor(store: Store<T>) {
    this.#store = store;
  }

  get revision(): number {
    return this.#store.revision;
  }

  get compactedRevision(): number {
    return this.#store.compactedRevision;
  }

  async put(key: string, value: T, expected: number): Promise<number> {
    const began = performance.now();
    try {
      return await this.#store.put(key, value, expected);
    } finally {
      this.#observe(expected === 0 ? "create" : "update", key, began);
    }
  }

  async delete(key: string, expected: number): Promise<number> {
    const began = performance.now();
    try {
      return await this.#store.delete(key, expected);
    } finally {
      this.#observe("delete", key, began);
    }
  }

  async get(key: string): ReturnType<Store<T>["get"]> {
    const began = performance.now();
    try {
      return await this.#store.get(key);
    } finally {
      this.#observe("get", key, began);
    }
  }

  async list(...[prefix, options]: Parameters<Store<T>["list"]>): ReturnType<Store<T>["list"]> {
    const began = performance.now();
    try {
      return await this.#store.list(prefix, options);
    } finally {
      this.#observe("list", prefix, began);
    }
  }

  watch(...args: Parameters<Store<T>["watch"]>): ReturnType<Store<T>["watch"]> {
    return this.#store.watch(...args);
  }

  changes(...args: Parameters<Store<T>["changes"]>): ReturnType<Store<T>["changes"]> {
    return this.#store.changes(...args);
  }

  compact(revision: number): Promise<void> {
    return this.#store.compact(revision);
  }

  stats(): ReturnType<Store<T>["stats"]> {
    return this.#store.stats();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  /** Lines of Prometheus text. */
  metrics(): string[] {
    const lines = headOf(NAME, "histogram", "How long the store took.");
    for (const [key, histogram] of this.#times) {
      const [operation = "", type = ""] = key.split(" ");
      histogram.write(lines, NAME, `operation="${operation}",type="${type}"`);
    }
    return lines;
  }

  #observe(operation: string, key: string, began: number): void {
    const label = `${operation} ${typeOf(key)}`;
    let histogram = this.#times.get(label);
    if (histogram === undefined) bounded(this.#times, MAX_SERIES).set(label, (histogram = new Histogram(SECONDS)));
    histogram.observe((performance.now() - began) / 1000);
  }
}

/** The first part of a key: a core resource, or a group. */
function typeOf(key: string): string {
  const from = key.indexOf("/", 1) + 1;
  const to = key.indexOf("/", from);
  return to < 0 ? key.slice(from) : key.slice(from, to);
}
