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

/** Of one value within a list or map; upstream charges a tenth for those of the first level, and nothing for deeper ones. */
const NODE = 1;
/** Beyond every limit: nothing is counted further. An expression can hold a value many times over, within itself. */
const ENOUGH = 2_000_000;

/** Of looking at everything within a value, as comparisons do. In cost units. */
export const deepCost = (value: CelValue): number => Math.max(1, Math.ceil(counted(value, 0)));

function counted(value: CelValue, before: number): number {
  let total = before + (typeof value === "string" || value instanceof Uint8Array ? value.length * TRAVERSAL : NODE);
  if (value instanceof ListValue) {
    for (let i = 0; i < value.size && total < ENOUGH; i++) total = counted(value.at(i), total);
  } else if (value instanceof MapValue) {
    for (const key of value.keys()) {
      if (total >= ENOUGH) break;
      total = counted(value.get(key), total);
    }
  }
  return total;
}
