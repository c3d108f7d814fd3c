import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Store, StoreEvent } from "#pkg/store/types.ts";
import type { ObjectReader } from "../types.ts";
import { ResourceCache } from "./resource-cache.ts";
import type { Stored } from "./stored.ts";

const PAGE = 2_000;
const ROOT = "/registry/";

/**
 * Every object of the store in memory, fed by one watch of it:
 *
 *   store ─ events, in revision order ─▶ Cache.#apply ─▶ ResourceCache ─▶ watchers, reader listeners
 *
 * The store tells watchers in the turn in which it answers the writer, so a writer that was answered reads its own write.
 */
export class Cache implements ObjectReader {
  readonly #resources = new Map<string, ResourceCache>();
  #stop: (() => void) | undefined;
  #revisionWaiters: { readonly revision: number; readonly resolve: () => void }[] = [];
  /** The revision of the last event taken in; what lists answer as their resourceVersion. */
  revision = 0;

  static async open(
    store: Store<Stored>,
    resources: readonly { readonly prefix: string; readonly namespaced: boolean }[],
  ): Promise<Cache> {
    const cache = new Cache();
    let after: string | undefined;
    let revision: number | undefined;
    for (;;) {
      const page = await store.list(ROOT, {
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
        ...(revision === undefined ? {} : { revision }),
      });
      if (revision === undefined) {
        revision = page.revision;
        for (const { prefix, namespaced } of resources)
          cache.#resources.set(prefix, new ResourceCache(prefix, namespaced, revision));
      }
      for (const entry of page.entries) cache.#find(entry.key)?.load(entry.key, entry.value, entry.revision);
      if (!page.more) break;
      after = page.entries.at(-1)?.key;
    }
    cache.revision = revision;
    cache.#stop = await store.watch(ROOT, revision, (events) => cache.#apply(events));
    return cache;
  }

  /** The cache of a stored resource. @throws when the resource was not named at open */
  resource(prefix: string): ResourceCache {
    const found = this.#resources.get(prefix);
    if (found === undefined) throw new Error(`No cache for resource "${prefix}"`);
    return found;
  }

  get(resource: string, namespace: string, name: string): KubeObject | undefined {
    return this.#resources.get(resource)?.get(namespace, name)?.view.frozen;
  }

  list(resource: string, namespace = ""): readonly KubeObject[] {
    return this.#resources.get(resource)?.objects(namespace) ?? [];
  }

  onChange(
    resource: string,
    listener: (change: { readonly object: KubeObject; readonly deleted: boolean }) => void,
  ): () => void {
    return this.resource(resource).listen("", (change) =>
      listener({ object: change.entry.view.frozen, deleted: change.deleted }),
    );
  }

  /** Objects by resource. */
  sizes(): (readonly [resource: string, count: number])[] {
    return [...this.#resources].map(([resource, { size }]) => [resource, size]);
  }

  /** Resolves when the cache has reached `revision`. */
  async reached(revision: number): Promise<void> {
    if (this.revision >= revision) return;
    await new Promise<void>((resolve) => this.#revisionWaiters.push({ revision, resolve }));
  }

  close(): void {
    this.#stop?.();
  }

  #find(key: string): ResourceCache | undefined {
    const first = key.indexOf("/", ROOT.length);
    const short = this.#resources.get(key.slice(ROOT.length, first));
    if (short !== undefined) return short;
    return this.#resources.get(key.slice(ROOT.length, key.indexOf("/", first + 1)));
  }

  #apply(events: readonly StoreEvent<Stored>[]): void {
    for (const event of events) {
      this.revision = event.revision;
      this.#find(event.key)?.apply(event);
    }
    if (this.#revisionWaiters.length === 0) return;
    const due = this.#revisionWaiters.filter((waiter) => waiter.revision <= this.revision);
    this.#revisionWaiters = this.#revisionWaiters.filter((waiter) => waiter.revision > this.revision);
    for (const waiter of due) waiter.resolve();
  }
}
