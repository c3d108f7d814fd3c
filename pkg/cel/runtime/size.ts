import type { CelValue } from "../types.ts";
import { ListValue, MapValue } from "./values.ts";

/** Charged per character walked over, and per character of a regular expression. */
export const TRAVERSAL = 0.1;
export const REGEX_LENGTH = 0.25;

/** What costs go by: characters, bytes, items, entries; 1 for everything else. */
export function sizeOf(value: CelValue): number {
  if (typeof value === "string") return value.length;
  if (value instanceof ListValue || value instanceof MapValue) return value.size;
  return value instanceof Uint8Array ? value.length : 1;
}

/** Of walking once over the value. */
export const traversal = (value: CelValue, times = 1): number => Math.ceil(sizeOf(value) * times * TRAVERSAL);

const MAX_NESTING = 100;

/** Everything that a comparison may look at: the sizes of all values within. */
export function deepSize(value: CelValue, nesting = 0): number {
  if (nesting > MAX_NESTING) return 1;
  let size = sizeOf(value);
  if (value instanceof ListValue) for (const item of value) size += container(item) ? deepSize(item, nesting + 1) : 0;
  else if (value instanceof MapValue) for (const key of value.keys()) size += deepSize(value.get(key), nesting + 1);
  return size;
}

const container = (value: CelValue): boolean =>
  typeof value === "object" || (typeof value === "string" && value.length > 1);
