// Checks of numbers and strings as kube-openapi makes them, in its order and words.
import type { Schema } from "../../schema/schema.ts";
import type { Findings } from "./findings.ts";

const MAX_FLOAT32 = 3.4028234663852886e38;
const MAX_INT32 = 2 ** 31;
const EPSILON = 1e-9;

const numberOf = (schema: Schema, key: string): number | undefined => {
  const value = schema[key];
  return typeof value === "number" ? value : undefined;
};

/** Undefined where the schema says nothing about numbers. `format` is one that is known. */
export function numberCheck(
  schema: Schema,
  types: readonly string[],
  format: string,
): ((value: number, path: string, findings: Findings) => void) | undefined {
  const multipleOf = numberOf(schema, "multipleOf");
  const maximum = numberOf(schema, "maximum");
  const minimum = numberOf(schema, "minimum");
  const isInteger = types[0] === "integer";
  if (multipleOf === undefined && maximum === undefined && minimum === undefined && !isInteger && format !== "float")
    return undefined;
  const below = schema["exclusiveMaximum"] === true;
  const above = schema["exclusiveMinimum"] === true;
  const range = format === "" ? "(default format)" : `with format ${format}`;
  return (value, path, findings) => {
    const before = findings.errors.length;
    if (isInteger) {
      const fits = format === "int32" ? value >= -MAX_INT32 && value < MAX_INT32 : Math.abs(value) < 2 ** 63;
      if (!fits || !Number.isInteger(value))
        findings.composite(`Checked value must be of type integer ${range} in ${path}`);
    } else if (format === "float" && Math.abs(value) > MAX_FLOAT32)
      findings.composite(`Checked value must be of type number ${range} in ${path}`);
    if (multipleOf !== undefined) {
      if (multipleOf <= 0) findings.composite(`factor MultipleOf declared for ${path} must be positive: ${multipleOf}`);
      else if (!isMultiple(value, multipleOf))
        findings.invalid(path, value, `should be a multiple of ${String(multipleOf)}`);
    }
    if (minimum !== undefined && (value < minimum || (above && value === minimum)))
      findings.invalid(path, value, `should be greater than ${above ? "" : "or equal to "}${String(minimum)}`);
    if (maximum !== undefined && (value > maximum || (below && value === maximum)))
      findings.invalid(path, value, `should be less than ${below ? "" : "or equal to "}${String(maximum)}`);
    if (findings.errors.length === before) findings.matches++;
  };
}

function isMultiple(value: number, factor: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(factor)) return value % factor === 0;
  const quotient = value / factor;
  const whole = Math.trunc(quotient);
  if (quotient === whole) return true;
  return whole !== 0 && Math.abs(quotient - whole) / (Math.abs(quotient) + Math.abs(whole)) < EPSILON;
}

/** A regular expression of a schema, as RE2 reads it. */
export interface Pattern {
  test(value: string): boolean;
}
/** @throws where the pattern does not compile */
export type CompilePattern = (pattern: string) => Pattern;

/** Undefined where the schema says nothing about strings; formats aside. The first finding ends the check. */
export function stringCheck(
  schema: Schema,
  compilePattern: CompilePattern,
): ((value: string, path: string, findings: Findings) => void) | undefined {
  const max = numberOf(schema, "maxLength");
  const min = numberOf(schema, "minLength");
  const source = typeof schema["pattern"] === "string" ? schema["pattern"] : "";
  if (max === undefined && min === undefined && source === "") return undefined;
  let pattern: Pattern | undefined;
  return (value, path, findings) => {
    if (max !== undefined && value.length > max && codePoints(value) > max) return findings.tooLong(path, max);
    if (min !== undefined && (value.length < min || codePoints(value) < min))
      return findings.invalid(path, value, `should be at least ${min} chars long`);
    if (source !== "") {
      pattern ??= compilePattern(source);
      if (!pattern.test(value)) return findings.invalid(path, value, `should match '${source}'`);
    }
    findings.matches++;
  };
}

function codePoints(value: string): number {
  let count = 0;
  for (const _ of value) count++;
  return count;
}
