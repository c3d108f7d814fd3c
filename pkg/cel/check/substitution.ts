import { isDynamic, partsOf, withParts } from "../type.ts";
import type { CelType } from "../types.ts";

/** What type parameters stand for so far. `assignable` binds them; a failed attempt leaves no trace. */
export class Substitution {
  readonly #bound: Map<string, CelType>;
  readonly #added: string[] = [];

  constructor(bound: ReadonlyMap<string, CelType> = new Map()) {
    this.#bound = new Map(bound);
  }

  /** The type with all known parameters put in; unknown ones become dyn when `final`. */
  apply(type: CelType, final = false): CelType {
    if (type.kind === "param") {
      const bound = this.#bound.get(type.name);
      if (bound === undefined) return final ? { kind: "dyn" } : type;
      return this.apply(bound, final);
    }
    const parts = partsOf(type);
    if (parts.length === 0) return type;
    const applied = parts.map((part) => this.apply(part, final));
    return applied.every((part, i) => part === parts[i]) ? type : withParts(type, applied);
  }

  /** Whether a value of `from` may stand where `to` is wanted. */
  assignable(from: CelType, to: CelType): boolean {
    return this.assignableAll([from], [to]);
  }

  assignableAll(from: readonly CelType[], to: readonly CelType[]): boolean {
    if (from.length !== to.length) return false;
    // What is bound is never bound anew: an attempt is undone by taking out what it added.
    const before = this.#added.length;
    if (from.every((type, i) => this.#assign(type, to[i] as CelType))) return true;
    for (const name of this.#added.splice(before)) this.#bound.delete(name);
    return false;
  }

  #assign(from: CelType, to: CelType): boolean {
    const [a, b] = [this.#resolve(from), this.#resolve(to)];
    if (b.kind === "param") return this.#bind(b.name, a);
    if (a.kind === "param") return this.#bind(a.name, b);
    if (isDynamic(a) || isDynamic(b)) return true;
    // Objects, durations, timestamps and opaque values may be null.
    if (a.kind === "null" && ["object", "opaque", "timestamp", "duration"].includes(b.kind)) return true;
    if (a.kind !== b.kind) return false;
    if ((a.kind === "object" || a.kind === "opaque") && a.name !== (b as typeof a).name) return false;
    if (a.kind === "type") return true;
    const [left, right] = [partsOf(a), partsOf(b)];
    return left.length === right.length && left.every((part, i) => this.#assign(part, right[i] as CelType));
  }

  #resolve(type: CelType): CelType {
    let found = type;
    while (found.kind === "param") {
      const next = this.#bound.get(found.name);
      if (next === undefined) return found;
      found = next;
    }
    return found;
  }

  #bind(name: string, type: CelType): boolean {
    if (type.kind === "param" && type.name === name) return true;
    if (this.#occurs(name, type)) return false;
    this.#bound.set(name, type);
    this.#added.push(name);
    return true;
  }

  #occurs(name: string, type: CelType): boolean {
    const found = this.#resolve(type);
    return (found.kind === "param" && found.name === name) || partsOf(found).some((part) => this.#occurs(name, part));
  }
}
