import type { Overload } from "../libraries/overload.ts";
import type { CelValue } from "../types.ts";
import { Failure, failure } from "./failure.ts";
import type { Program } from "./interpreter.ts";
import { fits, keyOf, MapValue, OptionalValue, plainTypeName, typeOfValue } from "./values.ts";

/** That a key or field is not there: what has() and optional access turn into an answer. */
export class AbsentFailure extends Failure {}
export const absent = (key: CelValue): AbsentFailure => new AbsentFailure(`no such key: ${shownKey(key)}`);
const shownKey = (key: CelValue): string => {
  const by = keyOf(key);
  return by === undefined ? plainTypeName(typeOfValue(key)) : String(by);
};
export const isAbsent = (value: unknown): value is AbsentFailure => value instanceof AbsentFailure;

/** `value.field`; of an optional the optional of it. */
export function selectField(value: CelValue, field: string): CelValue | Failure {
  if (value instanceof MapValue) {
    const found = value.get(field);
    return found === undefined ? absent(field) : found;
  }
  if (value instanceof OptionalValue) {
    if (!value.present) return value;
    const found = selectField(value.value, field);
    return isAbsent(found) ? OptionalValue.none : found instanceof Failure ? found : OptionalValue.of(found);
  }
  return value === null ? absent(field) : failure(`no such overload: ${plainTypeName(typeOfValue(value))}.${field}`);
}

/** Evaluates the arguments and calls the first overload that fits what they are. */
export function invoke(fn: string, overloads: readonly Overload[], args: readonly Program[]): Program {
  const only = overloads.length === 1 ? overloads[0] : undefined;
  return (frame) => {
    const values: CelValue[] = [];
    for (const arg of args) {
      const value = arg(frame);
      if (value instanceof Failure) return value;
      values.push(value);
    }
    const chosen =
      only !== undefined && accepts(only, values) ? only : overloads.find((candidate) => accepts(candidate, values));
    if (chosen === undefined) {
      const types = values.map((value) => plainTypeName(typeOfValue(value))).join(", ");
      frame.meter.spend(1);
      return failure(`no such overload: ${fn}(${types})`);
    }
    frame.meter.spend(chosen.cost?.(values) ?? 1);
    const result = chosen.call(...values);
    if (chosen.resultCost !== undefined) frame.meter.spend(chosen.resultCost(result));
    return result;
  };
}

const accepts = (overload: Overload, values: readonly CelValue[]): boolean =>
  overload.parameters.every((type, i) => fits(values[i], type));
