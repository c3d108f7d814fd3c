import type { CelValue, ListType } from "../types.ts";
import {
  Duration,
  ListValue,
  MapValue,
  OpaqueValue,
  OptionalValue,
  plainTypeName,
  Timestamp,
  TypeValue,
  Uint,
} from "./values.ts";

const isNumber = (value: CelValue): value is bigint | number | Uint =>
  typeof value === "bigint" || typeof value === "number" || value instanceof Uint;

/** `==` of two values of any types; numbers compare by value, other different types are unequal. */
export function equal(a: CelValue, b: CelValue): boolean {
  if (typeof a === "string" || typeof a === "boolean" || a === null) return a === b;
  if (isNumber(a)) return isNumber(b) && compareNumbers(a, b) === 0;
  if (a instanceof ListValue) return b instanceof ListValue && equalLists(a, b);
  if (a instanceof MapValue) return b instanceof MapValue && equalMaps(a, b);
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof OptionalValue)
    return b instanceof OptionalValue && a.present === b.present && (!a.present || equal(a.value, b.value));
  if (a instanceof TypeValue) return b instanceof TypeValue && plainTypeName(a.type) === plainTypeName(b.type);
  return a instanceof OpaqueValue && b instanceof OpaqueValue && a.typeName === b.typeName && a.equals(b);
}

function equalLists(a: ListValue, b: ListValue): boolean {
  if (a.size !== b.size) return false;
  const type = a.type?.listType === undefined ? b.type : a.type;
  // Lists that are sets or maps by key have no order.
  if (type?.listType === "set") return everyIn(a, b, (item) => item);
  if (type?.listType === "map") return everyIn(a, b, (item) => listMapKey(item, type.mapKeys ?? []));
  for (let i = 0; i < a.size; i++) if (!equal(a.at(i), b.at(i))) return false;
  return true;
}

/** Whether each item of `a` has an equal one in `b`; those with different keys are not compared. */
function everyIn(a: ListValue, b: ListValue, key: (item: CelValue) => CelValue): boolean {
  const others = Map.groupBy(b, (item) => groupKey(key(item)));
  for (const item of a) if (others.get(groupKey(key(item)))?.some((other) => equal(item, other)) !== true) return false;
  return true;
}

/** Equal values have equal group keys. */
function groupKey(value: CelValue): string {
  if (value instanceof ListValue) return `[${Array.from(value, groupKey).join()}]`;
  if (value instanceof MapValue) {
    const entries = Array.from(value.keys(), (key) => `${groupKey(key)}:${groupKey(value.get(key))}`);
    return `{${entries.sort().join()}}`;
  }
  if (isNumber(value)) return String(Number(value instanceof Uint ? value.value : value));
  if (typeof value === "string") return JSON.stringify(value);
  // Anything else is compared one by one.
  return typeof value === "object" && value !== null ? "other" : String(value);
}

/** One text for the values of the keys of a list's item. */
export function listMapKey(item: CelValue, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => (item instanceof MapValue ? groupKey(item.get(key)) : undefined)));
}

function equalMaps(a: MapValue, b: MapValue): boolean {
  if (a.size !== b.size) return false;
  for (const key of a.keys()) {
    const other = b.get(key);
    if (other === undefined || !equal(a.get(key), other)) return false;
  }
  return true;
}

/** Negative, 0, positive; NaN where either is not a number. */
export function compareNumbers(a: bigint | number | Uint, b: bigint | number | Uint): number {
  const left = a instanceof Uint ? a.value : a;
  const right = b instanceof Uint ? b.value : b;
  if (left === right) return 0;
  if (typeof left === "number" && Number.isNaN(left)) return Number.NaN;
  if (typeof right === "number" && Number.isNaN(right)) return Number.NaN;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `<` and its kin. Undefined where the types have no order. */
export function compare(a: CelValue, b: CelValue): number | undefined {
  if (isNumber(a)) return isNumber(b) ? compareNumbers(a, b) : undefined;
  if (typeof a === "string") return typeof b === "string" ? compareStrings(a, b) : undefined;
  if (typeof a === "boolean") return typeof b === "boolean" ? Number(a) - Number(b) : undefined;
  if (a instanceof Timestamp) return b instanceof Timestamp ? order(a.nanos, b.nanos) : undefined;
  if (a instanceof Duration) return b instanceof Duration ? order(a.nanos, b.nanos) : undefined;
  if (a instanceof Uint8Array) return b instanceof Uint8Array ? Buffer.compare(a, b) : undefined;
  return undefined;
}

const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** By code points: UTF-16 orders surrogates before U+E000, UTF-8 after. */
function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  for (let i = 0; i < a.length && i < b.length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const surrogates = Number(x >= 0xd800 && x <= 0xdfff) - Number(y >= 0xd800 && y <= 0xdfff);
    return surrogates !== 0 ? surrogates : x - y;
  }
  return a.length - b.length;
}

/** `a + b` of lists with a list type: items of `b` take the place of the same item of `a`, and others follow. */
export function mergedItems(a: ListValue, b: ListValue, type: ListType): CelValue[] {
  const identity = (item: CelValue): string =>
    type.listType === "map" ? listMapKey(item, type.mapKeys ?? []) : groupKey(item);
  const merged = new Map<string, CelValue>();
  for (const item of a) merged.set(identity(item), item);
  for (const item of b) merged.set(identity(item), item);
  return [...merged.values()];
}
