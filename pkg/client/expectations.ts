/** After this long a controller acts again even when it never saw what it waited for (upstream's ExpectationsTimeout). */
const EXPECTATIONS_TIMEOUT_MS = 5 * 60_000;

interface Expected {
  creations: number;
  /** Keys or uids of what was deleted. */
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

/**
 * What a controller has done but not yet seen in its informers. Until it has, it must not count its objects, or it would
 * create or delete twice. One entry per key of the controller's own object.
 */
export class Expectations {
  readonly #expected = new Map<string, Expected>();
  readonly #now: () => number;

  constructor(options: { readonly now?: () => number } = {}) {
    this.#now = options.now ?? Date.now;
  }

  /** True when nothing is awaited any more, or the wait was too long. */
  satisfied(key: string): boolean {
    const expected = this.#expected.get(key);
    if (expected === undefined) return true;
    if (expected.creations <= 0 && expected.deletions.size === 0) return true;
    return this.#now() - expected.sinceMs > EXPECTATIONS_TIMEOUT_MS;
  }

  /** Call before creating; an attempt that fails is taken back with `creationObserved`. */
  expectCreations(key: string, count: number): void {
    this.#set(key, count, []);
  }

  /** Call before deleting, with the keys (or uids) of the objects; one that fails is taken back with `deletionObserved`. */
  expectDeletions(key: string, objects: Iterable<string>): void {
    this.#set(key, 0, objects);
  }

  creationObserved(key: string): void {
    const expected = this.#expected.get(key);
    if (expected !== undefined) expected.creations--;
  }

  deletionObserved(key: string, object: string): void {
    this.#expected.get(key)?.deletions.delete(object);
  }

  /** Forgets the key, when its object is gone. */
  delete(key: string): void {
    this.#expected.delete(key);
  }

  #set(key: string, creations: number, deletions: Iterable<string>): void {
    this.#expected.set(key, { creations, deletions: new Set(deletions), sinceMs: this.#now() });
  }
}
