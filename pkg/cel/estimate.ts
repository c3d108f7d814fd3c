import type { CompiledExpression } from "./compiled.ts";
import type { CallEstimate, SizeBound } from "./libraries/overload.ts";
import { REQUEST_BYTES } from "./schema/serialized-size.ts";
import { argumentsOf, type CallNode, type Expr, type FoldNode } from "./syntax/ast.ts";
import type { CelType, Compiled } from "./types.ts";

interface Estimate {
  readonly cost: number;
  readonly size: SizeBound;
}

/** The most an evaluation may cost, from the bounds that schemas give to sizes. */
export function estimateCost(compiled: Compiled): number {
  return new Estimator().estimate((compiled as CompiledExpression).root).cost;
}

/** Of what a type may hold at most. */
function boundOf(type: CelType | undefined, depth = 0): SizeBound {
  if (type === undefined || depth > 8) return { size: REQUEST_BYTES };
  switch (type.kind) {
    case "string":
    case "bytes":
      return { size: type.maxElements ?? REQUEST_BYTES };
    case "list":
      return { size: type.maxElements ?? REQUEST_BYTES, element: boundOf(type.element, depth + 1) };
    case "map":
      return { size: type.maxElements ?? REQUEST_BYTES, element: boundOf(type.value, depth + 1) };
    case "dyn":
    case "param":
      return { size: REQUEST_BYTES };
    case "opaque":
      return type.parameters.length > 0 ? boundOf(type.parameters[0], depth + 1) : ONE;
    default:
      return ONE;
  }
}

const ONE: SizeBound = { size: 1 };
const largerOf = (a: SizeBound, b: SizeBound): SizeBound => ({
  size: Math.max(a.size, b.size),
  ...(a.element === undefined && b.element === undefined
    ? {}
    : { element: largerOf(a.element ?? ONE, b.element ?? ONE) }),
});

class Estimator {
  readonly #locals: { readonly name: string; readonly size: SizeBound }[] = [];

  estimate(node: Expr): Estimate {
    switch (node.kind) {
      case "literal":
        return { cost: 0, size: { size: literalSize(node.value) } };
      case "ident":
        return { cost: 1, size: this.#locals.findLast((l) => l.name === node.name)?.size ?? boundOf(node.type) };
      case "select": {
        if (node.name !== undefined) return { cost: 1, size: boundOf(node.type) };
        const operand = this.estimate(node.operand);
        const type = node.test ? ONE : (heldBy(node.operand, operand) ?? boundOf(node.type));
        return { cost: operand.cost + (node.test ? 0 : 1), size: type };
      }
      case "list": {
        const items = node.elements.map(({ value }) => this.estimate(value));
        const element = items.map((item) => item.size).reduce(largerOf, ONE);
        return { cost: 10 + total(items), size: { size: items.length, element } };
      }
      case "map": {
        const parts = node.entries.flatMap(({ key, value }) => [this.estimate(key), this.estimate(value)]);
        const element = parts
          .filter((_, i) => i % 2 === 1)
          .map((part) => part.size)
          .reduce(largerOf, ONE);
        return { cost: 30 + total(parts), size: { size: node.entries.length, element } };
      }
      case "struct":
        return { cost: 40 + total(node.fields.map(({ value }) => this.estimate(value))), size: ONE };
      case "call":
        return this.#call(node);
      case "fold":
        return this.#fold(node);
    }
  }

  #call(node: CallNode): Estimate {
    const args = argumentsOf(node).map((arg) => this.estimate(arg));
    const [first, second, third] = args as [Estimate, Estimate, Estimate];
    if (node.fn === "_?_:_")
      return { cost: first.cost + Math.max(second.cost, third.cost), size: largerOf(second.size, third.size) };
    if (node.fn === "_&&_" || node.fn === "_||_") return { cost: total(args), size: ONE };
    const sizes = args.map((arg) => arg.size);
    const own: CallEstimate[] = (node.overloads ?? []).map((overload) => overload.estimate?.(sizes) ?? { cost: 1 });
    const cost = Math.max(1, ...own.map((call) => call.cost));
    const results = own.flatMap((call) => (call.result === undefined ? [] : [call.result]));
    const indexed = node.fn === "_[_]" || node.fn === "_[?_]" ? first.size.element : undefined;
    const size = results.length > 0 ? results.reduce(largerOf) : (indexed ?? boundOf(node.type));
    return { cost: total(args) + cost, size };
  }

  #fold(node: FoldNode): Estimate {
    const range = this.estimate(node.range);
    const init = this.estimate(node.init);
    const depth = this.#locals.length;
    const rounds = range.size.size;
    const element = range.size.element ?? boundOf(undefined);
    const isMap = node.range.type?.kind === "map";
    this.#locals.push({ name: node.accumulator, size: init.size });
    this.#locals.push({ name: node.variable, size: isMap ? boundOf({ kind: "string", maxElements: 1000 }) : element });
    if (node.variable2 !== undefined) {
      this.#locals[depth + 1] = { name: node.variable, size: isMap ? { size: 1000 } : ONE };
      this.#locals.push({ name: node.variable2, size: element });
    }
    const step = this.estimate(node.step);
    const round = this.estimate(node.condition).cost + step.cost;
    this.#locals.length = depth;
    // A list or map that is collected has as many items as there are rounds; optMap has no rounds and keeps its value.
    const grows = node.init.kind === "list" || node.init.kind === "map";
    const size: SizeBound = grows ? { size: rounds, element: step.size.element ?? element } : init.size;
    this.#locals.push({ name: node.accumulator, size: rounds === 0 ? init.size : largerOf(size, init.size) });
    const result = this.estimate(node.result);
    this.#locals.length = depth;
    return { cost: range.cost + init.cost + rounds * round + result.cost, size: result.size };
  }
}

const total = (estimates: readonly Estimate[]): number => estimates.reduce((sum, { cost }) => sum + cost, 0);
/** A map's value by `map.key`. */
const heldBy = (node: Expr, estimate: Estimate): SizeBound | undefined =>
  node.type?.kind === "map" ? estimate.size.element : undefined;
const literalSize = (value: unknown): number =>
  typeof value === "string" || value instanceof Uint8Array ? value.length : 1;
