import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { keyOf, keyOfName } from "./object-key.ts";
import type { ObjectName } from "./types.ts";

/** The values under which an object is found in an index; none where it does not belong there. */
export type IndexFunction<T> = (object: T) => readonly string[];

/** Reads of an informer's local copy. Objects are frozen and may lag behind the API server. */
export interface Lister<T> {
  get(at: ObjectName): T | undefined;
  /** By "namespace/name" or "name", as work queues carry it. */
  getByKey(key: string): T | undefined;
  /** All objects, or those of one namespace, in no particular order. */
  list(namespace?: string): T[];
  /** The objects under one value of a custom index. Throws on an index nobody added. */
  byIndex(index: string, value: string): T[];
  values(): IterableIterator<T>;
  readonly size: number;
}

type Index<T> = Map<string, Map<string, T>>;
const NONE: readonly never[] = [];

/** Objects by key with secondary indexes, kept in constant time per change. Only the informer writes it. */
export class Indexer<T extends KubeObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #byNamespace: Index<T> = new Map();
  readonly #functions = new Map<string, IndexFunction<T>>();
  readonly #indexes = new Map<string, Index<T>>();

  get size(): number {
    return this.#objects.size;
  }

  get(at: ObjectName): T | undefined {
    return this.#objects.get(keyOfName(at));
  }

  getByKey(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(namespace?: string): T[] {
    if (namespace === undefined) return [...this.#objects.values()];
    return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
  }

  byIndex(index: string, value: string): T[] {
    const values = this.#indexes.get(index);
    if (values === undefined) throw new Error(`No index "${index}" on this informer`);
    return [...(values.get(value)?.values() ?? [])];
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  /** Adding the same name twice keeps the first function, so that users of a shared informer need not agree on order. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.#functions.has(name)) return;
    this.#functions.set(name, of);
    const index: Index<T> = new Map();
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) insert(index, of(object), key, object);
  }

  /** Stores the object and returns the one before it. */
  put(object: T): T | undefined {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    this.#objects.set(key, object);
    // The namespace is part of the key.
    insert(this.#byNamespace, [object.metadata.namespace ?? ""], key, object);
    for (const [name, of] of this.#functions) {
      const index = this.#indexOf(name);
      const values = of(object);
      if (before !== undefined) erase(index, of(before), key, values);
      insert(index, values, key, object);
    }
    return before;
  }

  remove(key: string): T | undefined {
    const before = this.#objects.get(key);
    if (before === undefined) return undefined;
    this.#objects.delete(key);
    erase(this.#byNamespace, [before.metadata.namespace ?? ""], key, NONE);
    for (const [name, of] of this.#functions) erase(this.#indexOf(name), of(before), key, NONE);
    return before;
  }

  #indexOf(name: string): Index<T> {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`No index "${name}" on this informer`);
    return index;
  }
}

function insert<T>(index: Index<T>, values: readonly string[], key: string, object: T): void {
  for (const value of values) {
    let objects = index.get(value);
    if (objects === undefined) index.set(value, (objects = new Map()));
    objects.set(key, object);
  }
}

/** Where the object stays, it is replaced in place: a Map that loses and gets the same key again grows and is copied. */
function erase<T>(index: Index<T>, values: readonly string[], key: string, staying: readonly string[]): void {
  for (const value of values) {
    if (staying.includes(value)) continue;
    const objects = index.get(value);
    if (objects === undefined) continue;
    objects.delete(key);
    if (objects.size === 0) index.delete(value);
  }
}
