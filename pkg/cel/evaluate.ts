import type { CompiledExpression } from "./compiled.ts";
import { authorizerValue, requestResourceValue } from "./libraries/authorizer.ts";
import { Failure, failure } from "./runtime/failure.ts";
import { fromJson } from "./runtime/json.ts";
import { CostExceeded, Meter } from "./runtime/meter.ts";
import { OpaqueValue, OptionalValue } from "./runtime/values.ts";
import { celTypes, optionalOf } from "./type.ts";
import {
  type AuthorizerBinding,
  type CelType,
  type CelValue,
  type Compiled,
  type EvaluateOptions,
  type EvaluateResult,
  PER_CALL_COST_LIMIT,
} from "./types.ts";

/** Runs an expression. `bindings` are JSON by variable name, read by the declared type; an absent optional is none. */
export function evaluate(
  compiled: Compiled,
  bindings: Readonly<Record<string, unknown>>,
  options: EvaluateOptions = {},
): EvaluateResult {
  const expression = compiled as CompiledExpression;
  const { budget } = options;
  const callLimit = options.costLimit ?? PER_CALL_COST_LIMIT;
  const meter = new Meter(Math.min(callLimit, budget?.remaining ?? Number.POSITIVE_INFINITY));
  const variables = new Map<string, CelValue | Failure>();
  const variable = (name: string): CelValue | Failure => {
    let value = variables.get(name);
    if (value === undefined) {
      value = bound(name, bindings, expression.variableType(name) ?? celTypes.dyn);
      variables.set(name, value);
    }
    return value;
  };
  try {
    const value = expression.program({ meter, variable, locals: [] });
    if (budget !== undefined) budget.remaining -= meter.spent;
    if (value instanceof Failure) return { error: value.message, reason: "error", cost: meter.spent };
    return { value, cost: meter.spent };
  } catch (err) {
    if (!(err instanceof CostExceeded)) throw err;
    const overall = budget !== undefined && budget.remaining <= callLimit;
    if (budget !== undefined) budget.remaining = overall ? -1 : budget.remaining - meter.spent;
    return overall
      ? {
          error: "validation failed due to running out of cost budget, no further validation rules will be run",
          reason: "budget",
          cost: meter.spent,
        }
      : { error: err.message, reason: "call-cost", cost: meter.spent };
  }
}

function bound(name: string, bindings: Readonly<Record<string, unknown>>, type: CelType): CelValue | Failure {
  const given = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
  const inner = optionalOf(type);
  if (inner !== undefined) {
    if (given instanceof OptionalValue) return given;
    return given === undefined || given === null ? OptionalValue.none : OptionalValue.of(fromJson(given, inner));
  }
  if (given === undefined && !Object.hasOwn(bindings, name)) return failure(`no such attribute(s): ${name}`);
  if (type.kind === "opaque" && !(given instanceof OpaqueValue)) {
    if (type.name === celTypes.authorizer.name) return authorizerValue(given as AuthorizerBinding);
    if (type.name === celTypes.resourceCheck.name) return requestResourceValue(given as AuthorizerBinding);
  }
  return fromJson(given, type);
}
