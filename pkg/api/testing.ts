import { builtinStrategies } from "./builtin.ts";
import type { Strategy } from "./definition.ts";

type Loose = Record<string, unknown>;
type Obj = Parameters<NonNullable<Strategy["defaults"]>>[0];

const META = {
  name: "x",
  namespace: "ns",
  uid: "u",
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
};

/** What a kind's rules say, without a server. Findings are "field: message". */
export class KindRules {
  readonly #strategy: Strategy;

  /** `key` is "group/plural", "/plural" for the core group. */
  constructor(key: string) {
    const strategy = builtinStrategies[key];
    if (strategy === undefined) throw new Error(`"${key}" has no rules`);
    this.#strategy = strategy;
  }

  /** Loads what the kind's rules need. */
  async ready(): Promise<this> {
    await this.#strategy.ready?.();
    return this;
  }

  // oxlint-disable-next-line no-explicit-any -- tests look into objects of every kind
  create(object: Loose): any {
    const made = this.#read(object);
    this.#strategy.prepareForCreate?.(made);
    return made;
  }
  creating(object: Loose): string[] {
    return lines(this.#strategy.validate?.(this.create(object)));
  }
  /** What an update makes of `old`, an object that was created. */
  // oxlint-disable-next-line no-explicit-any -- as create
  update(after: Loose, old: any): any {
    const next = this.#read(after);
    this.#strategy.prepareForUpdate?.(next, old);
    return next;
  }
  updating(before: Loose, after: Loose): string[] {
    const old = this.create(before);
    return this.validatingUpdate(this.update(after, old), old);
  }
  /** For objects that are ready to be compared. */
  validatingUpdate(next: Obj, old: Obj): string[] {
    return lines(this.#strategy.validateUpdate?.(next, old));
  }
  /** `before` may bring a status along. */
  updatingStatus(before: Loose, status: Loose): string[] {
    const old = this.create(before);
    if (before["status"] !== undefined) old.status = before["status"];
    const next = { ...structuredClone(old), status: structuredClone(status) };
    this.#strategy.defaults?.(next);
    this.#strategy.prepareForStatusUpdate?.(next, old);
    return lines(this.#strategy.validateStatusUpdate?.(next, old));
  }
  warnings(object: Loose): string[] {
    return this.#strategy.warnings?.(this.create(object), undefined) ?? [];
  }

  #read(object: Loose): Obj {
    const metadata = { ...META, ...(object["metadata"] as object | undefined) };
    const made = structuredClone({ ...object, metadata }) as unknown as Obj;
    this.#strategy.defaults?.(made);
    return made;
  }
}

const lines = (errors: ReturnType<NonNullable<Strategy["validate"]>> | undefined): string[] =>
  (errors ?? []).map((e) => `${e.field}: ${e.message}`);
