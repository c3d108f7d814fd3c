import { failure } from "./runtime/failure.ts";
import { MapValue } from "./runtime/values.ts";
import type { CelValue, EvaluateResult } from "./types.ts";

/** A binding whose fields are evaluated when an expression asks for them, once each: a policy's `variables`. */
export class LazyObject extends MapValue {
  readonly #evaluate: (field: string) => EvaluateResult | undefined;
  readonly #known = new Map<string, CelValue>();

  constructor(evaluate: (field: string) => EvaluateResult | undefined) {
    super();
    this.#evaluate = evaluate;
  }

  get size(): number {
    return this.#known.size;
  }

  get(key: CelValue): CelValue | undefined {
    const field = key as string;
    if (this.#known.has(field)) return this.#known.get(field);
    const result = this.#evaluate(field);
    if (result === undefined) return undefined;
    const value = result.error === undefined ? result.value : failure(result.error);
    this.#known.set(field, value);
    return value;
  }

  keys(): Iterable<CelValue> {
    return this.#known.keys();
  }
}
