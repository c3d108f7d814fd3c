import type { Entry } from "./entry.ts";

/** The objects of one namespace (or all of a cluster-scoped resource) by name, and in name order. */
export class Bucket {
  readonly entries = new Map<string, Entry>();
  readonly #names: string[] = [];

  set(entry: Entry): void {
    if (!this.entries.has(entry.name)) {
      const last = this.#names.at(-1);
      if (last === undefined || entry.name > last) this.#names.push(entry.name);
      else this.#names.splice(lowerBound(this.#names, entry.name), 0, entry.name);
    }
    this.entries.set(entry.name, entry);
  }

  delete(name: string): void {
    if (this.entries.delete(name)) this.#names.splice(lowerBound(this.#names, name), 1);
  }

  /** Appends the entries after the name `after`, in name order, to `out`. */
  collect(out: Entry[], after = ""): void {
    let at = after === "" ? 0 : lowerBound(this.#names, after);
    if (this.#names[at] === after) at++;
    for (; at < this.#names.length; at++) {
      const entry = this.entries.get(this.#names[at] as string);
      if (entry !== undefined) out.push(entry);
    }
  }
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
