import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { StoreChange, StoreEvent } from "#pkg/store/types.ts";
import { Bucket } from "./bucket.ts";
import { Change } from "./change.ts";
import { Entry } from "./entry.ts";
import type { Stored } from "./stored.ts";

/** How much of the past a resource keeps for watches to resume from; older ones read the store's history. */
const MAX_CHANGES = 4_096;
const MAX_CHANGE_CHARS = 8 << 20;
/** Once they are old (upstream: 75 s) it keeps no more than these. */
const MAX_OLD_CHANGES = 100;
const MAX_OLD_CHARS = 256 << 10;
/** Calls of `forgetPast` until what was new at the first is old. */
const AGE_CALLS = 5;
/** Fewer empty namespaces are not worth looking for. */
const MIN_EMPTIED = 64;

type Listener = (change: Change) => void;

/** All objects of one stored resource, the recent changes, and who listens to them. */
export class ResourceCache {
  /** "plural" or "group/plural". */
  readonly resource: string;
  readonly prefix: string;
  readonly #namespaced: boolean;
  readonly #buckets = new Map<string, Bucket>();
  #namespaces: string[] | undefined;
  /** How often a namespace lost its last object since the empty ones were forgotten. */
  #emptied = 0;
  #changes: Change[] = [];
  #changeChars = 0;
  /** Every change after this revision is in `#changes`. */
  #completeFrom: number;
  /** The newest revision at each of the last calls of `forgetPast`. */
  readonly #seenAt: number[] = [];
  readonly #listeners = new Map<string, Set<Listener>>();
  #hasNamed = false;
  readonly #ending = new Set<() => void>();
  /** Revision of the last change of this resource. */
  changedAt = 0;

  constructor(resource: string, namespaced: boolean, revision: number) {
    this.resource = resource;
    this.prefix = `/registry/${resource}/`;
    this.#namespaced = namespaced;
    this.#completeFrom = revision;
  }

  key(namespace: string, name: string): string {
    return this.#namespaced ? `${this.prefix}${namespace}/${name}` : this.prefix + name;
  }

  get(namespace: string, name: string): Entry | undefined {
    return this.#buckets.get(namespace)?.entries.get(name);
  }

  /** In key order, of one namespace or ("") of all, after the key when given. */
  list(namespace: string, after = ""): Entry[] {
    return this.page(namespace, after, Infinity).entries;
  }

  /** As `list`, at most `limit`, and how many more there are. */
  page(namespace: string, after: string, limit: number): { readonly entries: Entry[]; readonly remaining: number } {
    const entries: Entry[] = [];
    let remaining = 0;
    const [afterNamespace, afterName] = after === "" ? ["", ""] : this.#split(after);
    if (!this.#namespaced || namespace !== "") {
      remaining = this.#buckets.get(this.#namespaced ? namespace : "")?.collect(entries, afterName, limit) ?? 0;
      return { entries, remaining };
    }
    // Keys are ordered by "namespace/": "a-b/" comes before "a/".
    this.#namespaces ??= [...this.#buckets.keys()].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
    for (const each of this.#namespaces) {
      if (after !== "" && `${each}/` < `${afterNamespace}/`) continue;
      const from = each === afterNamespace ? afterName : "";
      remaining += this.#buckets.get(each)?.collect(entries, from, limit - entries.length) ?? 0;
    }
    return { entries, remaining };
  }

  /** Takes in an object at start, before anybody watches. */
  load(key: string, value: Stored, revision: number): void {
    const [namespace, name] = this.#split(key);
    this.#bucket(namespace).set(Entry.of(namespace, name, value, revision));
    if (revision > this.changedAt) this.changedAt = revision;
  }

  /** Takes in one event of the store and tells the listeners. */
  apply(event: StoreEvent<Stored>): void {
    const [namespace, name] = this.#split(event.key);
    const bucket = this.#bucket(namespace);
    const previous = bucket.entries.get(name);
    const deleted = event.type === "delete";
    const entry = deleted
      ? (previous?.at(event.revision) ?? Entry.of(namespace, name, event.value, event.revision))
      : Entry.of(namespace, name, event.value, event.revision);
    if (deleted) {
      bucket.delete(name);
      if (bucket.entries.size === 0) this.#forgetEmpty();
    } else bucket.set(entry);
    this.changedAt = event.revision;
    const change = new Change(entry, previous, deleted, event.value);
    for (const listener of this.#listeners.get("") ?? []) listener(change);
    if (namespace !== "") for (const listener of this.#listeners.get(namespace) ?? []) listener(change);
    if (this.#hasNamed) for (const listener of this.#listeners.get(`${namespace}/${name}`) ?? []) listener(change);
    previous?.view.forgetObject();
    change.forgetEvents();
    this.#remember(change);
  }

  /** A change that memory no longer has, as history tells it. */
  changeOf({ key, type, value, revision, previousValue, previousRevision }: StoreChange<Stored>): Change {
    const [namespace, name] = this.#split(key);
    const previous =
      previousValue === undefined ? undefined : Entry.of(namespace, name, previousValue, previousRevision);
    return new Change(Entry.of(namespace, name, value, revision), previous, type === "delete");
  }

  /** The changes after `revision`; undefined when they are no longer all known. */
  changesSince(revision: number): readonly Change[] | undefined {
    if (revision < this.#completeFrom) return undefined;
    let at = this.#changes.length;
    while (at > 0 && (this.#changes[at - 1] as Change).revision > revision) at--;
    return this.#changes.slice(at);
  }

  /**
   * Calls back on the store's turn for changes of one namespace, or ("") of all. With a `name`, of that object alone where
   * that names one: thousands of kubelets that each watch one object do not hear of the others.
   */
  listen(namespace: string, listener: Listener, name?: string): () => void {
    const isOne = name !== undefined && (namespace !== "" || !this.#namespaced);
    const key = isOne ? `${namespace}/${name}` : namespace;
    let set = this.#listeners.get(key);
    if (set === undefined) this.#listeners.set(key, (set = new Set()));
    set.add(listener);
    if (isOne) this.#hasNamed = true;
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#listeners.get(key) === set) this.#listeners.delete(key);
    };
  }

  /** Calls back when nobody may watch on: the resource is gone, or is served by another definition. Returns a function that stops. */
  onEnd(listener: () => void): () => void {
    this.#ending.add(listener);
    return () => this.#ending.delete(listener);
  }

  /** Ends all watches; those who watched begin again if they want. */
  endWatches(): void {
    for (const end of this.#ending) end();
  }

  /** Objects of one namespace, or ("") of all. */
  count(namespace: string): number {
    return this.#namespaced && namespace !== "" ? (this.#buckets.get(namespace)?.entries.size ?? 0) : this.size;
  }

  get size(): number {
    let size = 0;
    for (const bucket of this.#buckets.values()) size += bucket.entries.size;
    return size;
  }

  /** All entries, in no order. */
  *entries(): Generator<Entry> {
    for (const bucket of this.#buckets.values()) yield* bucket.entries.values();
  }

  objects(namespace = ""): KubeObject[] {
    return this.list(namespace).map((entry) => entry.view.frozen);
  }

  #split(key: string): [string, string] {
    if (!this.#namespaced) return ["", key.slice(this.prefix.length)];
    const slash = key.indexOf("/", this.prefix.length);
    return [key.slice(this.prefix.length, slash), key.slice(slash + 1)];
  }

  #bucket(namespace: string): Bucket {
    let bucket = this.#buckets.get(namespace);
    if (bucket === undefined) {
      this.#buckets.set(namespace, (bucket = new Bucket()));
      this.#namespaces = undefined;
    }
    return bucket;
  }

  /** Namespaces come and go: those with nothing in them are forgotten once they may be half of all. */
  #forgetEmpty(): void {
    if (++this.#emptied < MIN_EMPTIED || this.#emptied * 2 < this.#buckets.size) return;
    this.#emptied = 0;
    for (const [namespace, { entries }] of this.#buckets) if (entries.size === 0) this.#buckets.delete(namespace);
    this.#namespaces = undefined;
  }

  #remember(change: Change): void {
    this.#changes.push(change);
    this.#changeChars += change.entry.view.text.length;
    if (this.#changes.length <= MAX_CHANGES && this.#changeChars <= MAX_CHANGE_CHARS) return;
    // A quarter at once, so that the cost of moving the rest is spread thin.
    this.#forget(Math.max(1, this.#changes.length >>> 2));
  }

  #forget(count: number): void {
    const forgotten = this.#changes.splice(0, count);
    for (const old of forgotten) this.#changeChars -= old.entry.view.text.length;
    this.#completeFrom = (forgotten.at(-1) as Change).revision;
  }

  /**
   * Called every 15 s: forgets changes that are old, but for the last few. Who watches on after a break of a minute finds
   * them here; a burst of writes of every kind is not kept for good.
   */
  forgetPast(): void {
    this.#seenAt.push(this.changedAt);
    if (this.#seenAt.length <= AGE_CALLS) return;
    const oldAt = this.#seenAt.shift() as number;
    let count = 0;
    let chars = this.#changeChars;
    for (const { revision, entry } of this.#changes) {
      const isFew = this.#changes.length - count <= MAX_OLD_CHANGES && chars <= MAX_OLD_CHARS;
      if (revision > oldAt || isFew) break;
      count++;
      chars -= entry.view.text.length;
    }
    if (count > 0) this.#forget(count);
  }
}
