// Plain JSON, walked with care: keys that are names of JavaScript's own, and values nested past all reason.
import { isObject, type JsonObject, setOwn } from "../../json-object.ts";
import { DecodeError } from "../../schema/decode-error.ts";
import type { Decoding } from "../../schema/decoder.ts";

/** Go's decoder follows 10,000 levels; what the rest of the server does to an object needs JavaScript's stack. */
const MAX_DEPTH = 1000;
const MAX_INT64 = 2 ** 63;

/** @throws DecodeError for values nested too deeply */
export function checkDepth(depth: number): void {
  if (depth > MAX_DEPTH) throw new DecodeError("exceeded max depth");
}

/** 1e400 is infinity to JavaScript, which would write it as null. @throws DecodeError */
export function checkFinite(value: number): number {
  if (!Number.isFinite(value)) throw new DecodeError("json: cannot unmarshal number into Go value of type float64");
  return value;
}

/**
 * Integers between 2^53 and 2^63 have lost digits when they come here: refusing them is better than storing another
 * value. Larger ones are floats upstream too.
 */
export function checkNumber(value: number): number {
  checkFinite(value);
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < MAX_INT64)
    throw new DecodeError(`json: cannot unmarshal number ${value} into Go value of type int64`);
  return value;
}

/** A copy of any JSON, counting members. */
export function copyJson(value: unknown, state: Decoding, depth: number): unknown {
  if (typeof value === "number") return checkNumber(value);
  if (typeof value !== "object" || value === null) return value;
  checkDepth(depth);
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : copyJson(item, state, depth + 1)));
  const given = value as JsonObject;
  const out: JsonObject = {};
  for (const key of Object.keys(given)) {
    const item = given[key];
    if (item === undefined) continue;
    state.members++;
    setOwn(out, key, copyJson(item, state, depth + 1));
  }
  return out;
}

/** Equality of JSON; the order of members is nothing. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!jsonEqual(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  const left = a as JsonObject;
  const right = b as JsonObject;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  for (const key of keys) if (!Object.hasOwn(right, key) || !jsonEqual(left[key], right[key])) return false;
  return true;
}

/** JSON with members in the order of their names, as Go writes maps. */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sortedJson(value[key])}`);
  return `{${members.join(",")}}`;
}
