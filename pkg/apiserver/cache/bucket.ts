import type { Entry } from "./entry.ts";

/** Names of deleted objects that are kept however few objects there are. */
const MAX_REMOVED = 1_000;

/**
 * The objects of one namespace (or all of a cluster-scoped resource) by name, and in name order. The order is made when
 * somebody lists: writes cost the same however many objects there are, and a list that follows a few writes merges them in.
 */
export class Bucket {
  readonly entries = new Map<string, Entry>();
  /** Sorted; right but for the two below. */
  #names: string[] = [];
  #added: string[] = [];
  readonly #removed = new Set<string>();

  set(entry: Entry): void {
    const { name } = entry;
    if (!this.entries.has(name) && !this.#removed.delete(name)) {
      const last = this.#names.at(-1);
      if (this.#added.length === 0 && (last === undefined || name > last)) this.#names.push(name);
      else this.#added.push(name);
    }
    this.entries.set(name, entry);
  }

  delete(name: string): void {
    if (!this.entries.delete(name)) return;
    this.#removed.add(name);
    // Names of what comes and goes do not pile up where nobody lists.
    if (this.#removed.size > MAX_REMOVED && this.#removed.size > this.entries.size) this.#settle();
  }

  /** Appends the entries after the name `after`, in name order, to `out`, at most `limit`. Answers how many it left out. */
  collect(out: Entry[], after = "", limit = Infinity): number {
    this.#settle();
    const names = this.#names;
    let at = after === "" ? 0 : lowerBound(names, after);
    if (names[at] === after) at++;
    const end = Math.min(names.length, at + limit);
    for (; at < end; at++) out.push(this.entries.get(names[at] as string) as Entry);
    return names.length - at;
  }

  #settle(): void {
    if (this.#removed.size > 0) {
      this.#names = this.#names.filter((name) => !this.#removed.has(name));
      this.#added = this.#added.filter((name) => !this.#removed.has(name));
      this.#removed.clear();
    }
    if (this.#added.length === 0) return;
    this.#names = merge(this.#names, this.#added.sort(compare));
    this.#added = [];
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : 1);

function merge(left: readonly string[], right: readonly string[]): string[] {
  const out: string[] = [];
  let l = 0;
  for (const name of right) {
    for (; l < left.length && (left[l] as string) < name; l++) out.push(left[l] as string);
    out.push(name);
  }
  for (; l < left.length; l++) out.push(left[l] as string);
  return out;
}

/** The first index whose value is not less than `value`. */
export function lowerBound(sorted: readonly string[], value: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
