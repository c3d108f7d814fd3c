import { setImmediate as nextTurn } from "node:timers/promises";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Entry as StoreEntry, Store, StoreEvent } from "#pkg/store/types.ts";
import type { ObjectReader } from "../types.ts";
import { ResourceCache } from "./resource-cache.ts";
import type { Stored } from "./stored.ts";

const PAGE = 2_000;
const ROOT = "/registry/";
/** A decoded object that nobody asked for during this time is forgotten; its text stays. */
const IDLE_MS = 15_000;
/** Entries looked at in one turn. */
const SWEEP_STEP = 5_000;

/** A stored resource. */
export interface CachedResource {
  /** "plural" or "group/plural". */
  readonly prefix: string;
  readonly namespaced: boolean;
}

/** Resources that objects tell of (CRDs): what has to be known to take in their objects too when the server starts. */
export interface DynamicResources {
  /** Of the objects that tell. */
  readonly prefix: string;
  readonly resourceOf: (object: KubeObject) => CachedResource | undefined;
}

/**
 * Every object of the store in memory, fed by one watch of it:
 *
 *   store ─ events, in revision order ─▶ Cache.#apply ─▶ ResourceCache ─▶ watchers, reader listeners
 *
 * The store tells watchers in the turn in which it answers the writer, so a writer that was answered reads its own write.
 */
export class Cache implements ObjectReader {
  readonly #store: Store<Stored>;
  readonly #resources = new Map<string, ResourceCache>();
  /** Events of resources that are being added, until their objects are loaded. */
  readonly #adding = new Map<string, StoreEvent<Stored>[]>();
  #stop: (() => void) | undefined;
  #sweeping: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #revisionWaiters = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  /** The revision of the last event taken in; what lists answer as their resourceVersion. */
  revision = 0;

  private constructor(store: Store<Stored>) {
    this.#store = store;
    this.revision = store.revision;
  }

  /** Takes in the whole store in one pass; those that tell of further resources are read before it. */
  static async open(
    store: Store<Stored>,
    resources: readonly CachedResource[],
    dynamic?: DynamicResources,
  ): Promise<Cache> {
    const cache = new Cache(store);
    const { revision } = cache;
    const create = ({ prefix, namespaced }: CachedResource): void =>
      void cache.#resources.set(prefix, new ResourceCache(prefix, namespaced, revision));
    for (const each of resources) create(each);
    if (dynamic !== undefined)
      await cache.#scan(`${ROOT}${dynamic.prefix}/`, (entry) => {
        const resource = dynamic.resourceOf(JSON.parse(entry.value.text) as KubeObject);
        if (resource !== undefined && !cache.#resources.has(resource.prefix)) create(resource);
      });
    await cache.#scan(ROOT, (entry) => cache.#find(entry.key)?.load(entry.key, entry.value, entry.revision));
    cache.#stop = await store.watch(ROOT, revision, (events) => cache.#apply(events));
    cache.#planSweep();
    return cache;
  }

  /**
   * Takes in a resource while the server runs; resolves when its objects can be read. Its events wait until the objects of a
   * snapshot are loaded, and what is newer than those is applied then. Does nothing when it is there.
   */
  async add({ prefix, namespaced }: CachedResource): Promise<void> {
    if (this.#resources.has(prefix)) return;
    if (this.#adding.has(prefix)) throw new Error(`Resource "${prefix}" is being added already`);
    const events: StoreEvent<Stored>[] = [];
    this.#adding.set(prefix, events);
    try {
      const entries: StoreEntry<Stored>[] = [];
      const revision = await this.#scan(`${ROOT}${prefix}/`, (entry) => void entries.push(entry));
      // Nothing may be read here that the rest of the cache has not reached.
      await this.reached(revision);
      const resource = new ResourceCache(prefix, namespaced, revision);
      for (const entry of entries) resource.load(entry.key, entry.value, entry.revision);
      for (const event of events) if (event.revision > revision) resource.apply(event);
      this.#resources.set(prefix, resource);
    } finally {
      this.#adding.delete(prefix);
    }
  }

  /** Forgets a resource and ends its watches. */
  remove(prefix: string): void {
    const resource = this.#resources.get(prefix);
    this.#resources.delete(prefix);
    resource?.endWatches();
  }

  has(prefix: string): boolean {
    return this.#resources.has(prefix);
  }

  /** The cache of a stored resource. @throws when the resource was neither named at open nor added */
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

  /** Resolves to true when the cache has reached `revision`, to false when that took longer than `timeoutMs`. */
  async reached(revision: number, timeoutMs?: number): Promise<boolean> {
    if (this.revision >= revision) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter = { revision, resolve: () => resolve(true) };
    this.#revisionWaiters.add(waiter);
    // Who asks for what never comes leaves nothing behind.
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => resolve(false), timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#revisionWaiters.delete(waiter);
    }
  }

  close(): void {
    this.#stop?.();
    this.#closed = true;
    clearTimeout(this.#sweeping);
  }

  #planSweep(): void {
    if (this.#closed) return;
    const sweep = (): void => {
      void this.forgetIdle().then(() => this.#planSweep());
    };
    this.#sweeping = setTimeout(sweep, IDLE_MS);
    this.#sweeping.unref();
  }

  /**
   * Forgets decoded forms that nobody asked for since the last call, and changes that are old; between the steps requests
   * are answered.
   */
  async forgetIdle(): Promise<void> {
    let seen = 0;
    for (const resource of this.#resources.values()) {
      resource.forgetPast();
      for (const entry of resource.entries()) {
        entry.rest();
        if (++seen % SWEEP_STEP === 0) await nextTurn();
      }
    }
  }

  /** All entries with the prefix, of one snapshot: the cache's own while it opens. Answers the snapshot's revision. */
  async #scan(prefix: string, take: (entry: StoreEntry<Stored>) => void): Promise<number> {
    let revision = this.#stop === undefined ? this.revision : this.#store.revision;
    for (let after: string | undefined; ; ) {
      const page = await this.#store.list(prefix, { limit: PAGE, revision, ...(after === undefined ? {} : { after }) });
      revision = page.revision;
      for (const entry of page.entries) take(entry);
      if (!page.more) return revision;
      after = page.entries.at(-1)?.key;
    }
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
      if (this.#adding.size > 0) this.#keep(event);
    }
    for (const { revision, resolve } of this.#revisionWaiters) if (revision <= this.revision) resolve();
  }

  #keep(event: StoreEvent<Stored>): void {
    for (const [prefix, events] of this.#adding) if (event.key.startsWith(`${ROOT}${prefix}/`)) events.push(event);
  }
}
