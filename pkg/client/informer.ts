import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import type { Logger } from "#pkg/log/index.ts";
import { type IndexFunction, Indexer, type Lister } from "./lister.ts";
import { keyOf } from "./object-key.ts";
import { Reflector, type Selection } from "./reflector.ts";
import type { Client } from "./types.ts";

/** Told of every change, in order and synchronously: do nothing here but note a key. */
export interface InformerHandler<T> {
  add?(object: T): void;
  /** `before` is what the lister held until now. */
  update?(object: T, before: T): void;
  /** The last known state; after a broken watch that may be older than the object's real end. */
  delete?(object: T): void;
}

/** One watch and one copy of a collection, shared by everyone in the process who needs it. */
export interface Informer<T> {
  readonly resource: ResourceRef<T>;
  readonly lister: Lister<T>;
  /** True once the first list has been delivered to the handlers. */
  readonly hasSynced: boolean;
  /** Resolves when `hasSynced`; rejects when the signal aborts first. */
  synced(signal: AbortSignal): Promise<void>;
  addIndex(name: string, of: IndexFunction<T>): void;
  /** Objects already here are delivered as adds at once. Returns how to remove the handler. */
  addHandler(handler: InformerHandler<T>): () => void;
}

export class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly resource: ResourceRef<T>;
  readonly #indexer = new Indexer<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #reflector: Reflector<T>;
  readonly #log: Logger;
  readonly #synced = Promise.withResolvers<void>();
  #hasSynced = false;

  constructor(parts: {
    readonly client: Client;
    readonly resource: ResourceRef<T>;
    readonly selection?: Selection;
    readonly log: Logger;
  }) {
    this.resource = parts.resource;
    this.#log = parts.log;
    this.#reflector = new Reflector({
      client: parts.client,
      resource: parts.resource,
      selection: parts.selection ?? {},
      log: parts.log,
      sink: {
        replace: (items) => this.#replace(items),
        apply: (type, object) => (type === "DELETED" ? this.#delete(keyOf(object), object) : this.#put(object)),
      },
    });
  }

  get lister(): Lister<T> {
    return this.#indexer;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  async synced(signal: AbortSignal): Promise<void> {
    if (this.#hasSynced) return;
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#synced.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  addIndex(name: string, of: IndexFunction<T>): void {
    this.#indexer.addIndex(name, of);
  }

  addHandler(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#indexer.list()) this.#call(() => handler.add?.(object));
    return () => this.#handlers.delete(handler);
  }

  /** Lists and watches until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    await this.#reflector.start(signal);
  }

  #replace(items: readonly T[]): void {
    const gone = new Set(this.#indexer.keys());
    for (const item of items) {
      gone.delete(keyOf(item));
      this.#put(item);
    }
    for (const key of gone) this.#delete(key);
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  #put(object: T): void {
    const before = this.#indexer.getByKey(keyOf(object));
    // Listing again tells of objects that did not change.
    if (before !== undefined && before.metadata.resourceVersion === object.metadata.resourceVersion) return;
    this.#indexer.put(object);
    if (before === undefined) {
      for (const handler of this.#handlers) this.#call(() => handler.add?.(object));
    } else if (before.metadata.uid !== object.metadata.uid) {
      // Deleted and made again while no watch was open: not the same object to anyone who counts.
      for (const handler of this.#handlers) this.#call(() => handler.delete?.(before));
      for (const handler of this.#handlers) this.#call(() => handler.add?.(object));
    } else {
      for (const handler of this.#handlers) this.#call(() => handler.update?.(object, before));
    }
  }

  #delete(key: string, last?: T): void {
    const before = this.#indexer.remove(key);
    if (before === undefined) return;
    for (const handler of this.#handlers) this.#call(() => handler.delete?.(last ?? before));
  }

  /** One faulty handler must not stop the others, nor the watch they share. */
  #call(handle: () => void): void {
    try {
      handle();
    } catch (err) {
      this.#log.error("informer handler failed", { resource: this.resource.plural, err });
    }
  }
}
