import { DEDUCED, type FieldType, type ListType, type MapType } from "./field-type.ts";
import { draft, type FieldSet, type FieldSetDraft, LEAF } from "./field-set.ts";
import { elementOf, isSameItem, itemsByElement } from "./list-items.ts";

/** What differs between two values; a set that is empty is absent. */
export interface Comparison {
  added?: FieldSet;
  modified?: FieldSet;
  removed?: FieldSet;
}

type Json = Record<string, unknown>;
const NOTHING: Json = Object.freeze({});
const NO_ITEMS: readonly unknown[] = Object.freeze([]);

/** The difference of two objects of one type; undefined when there is none. Nothing is allocated for what is equal. */
export function compare(type: FieldType, old: unknown, now: unknown): Comparison | undefined {
  if (old === now) return undefined;
  if (old === undefined || old === null) {
    const added = now === undefined || now === null ? undefined : wholeOf(type, now);
    return added === undefined ? undefined : { added };
  }
  if (now === undefined || now === null) {
    const removed = wholeOf(type, old);
    return removed === undefined ? undefined : { removed };
  }
  if (typeof old !== "object" || typeof now !== "object") return { modified: LEAF };
  switch (type.kind) {
    case "map":
      if (Array.isArray(old) || Array.isArray(now)) break;
      return compareMaps(type, old as Json, now as Json);
    case "deduced":
      if (Array.isArray(old) || Array.isArray(now)) break;
      return compareDeduced(old as Json, now as Json);
    case "list":
      if (!Array.isArray(old) || !Array.isArray(now)) break;
      return compareLists(type, old, now);
    case "leaf":
  }
  return isSameValue(old, now) ? undefined : { modified: LEAF };
}

function compareMaps(type: MapType, old: Json, now: Json): Comparison | undefined {
  let out: Comparison | undefined;
  const { fields, unowned } = type;
  for (const key in now) {
    if (unowned?.has(key) === true) continue;
    // What is inherited is no JSON: what is the same is the object's own.
    if (old[key] === now[key]) continue;
    const field = fields.get(key) ?? type.element ?? DEDUCED;
    let was = Object.hasOwn(old, key) ? old[key] : undefined;
    if (was === undefined) was = emptyOf(field);
    const found = compare(field, was, now[key]);
    if (found !== undefined) out = include(out, `f:${key}`, found);
  }
  for (const key in old) {
    if ((Object.hasOwn(now, key) && now[key] !== undefined) || unowned?.has(key) === true) continue;
    const field = fields.get(key) ?? type.element ?? DEDUCED;
    const found = compare(field, old[key], emptyOf(field));
    if (found !== undefined) out = include(out, `f:${key}`, found);
  }
  return out;
}

/** What upstream has where a field is not set: its types hold some structs and lists always. */
function emptyOf(type: FieldType): unknown {
  if (type.kind === "map" && type.embedded) return NOTHING;
  return type.kind === "list" && type.embedded ? NO_ITEMS : undefined;
}

function compareDeduced(old: Json, now: Json): Comparison | undefined {
  let out: Comparison | undefined;
  for (const key in now) {
    if (old[key] === now[key]) continue;
    const found = compare(DEDUCED, Object.hasOwn(old, key) ? old[key] : undefined, now[key]);
    if (found !== undefined) out = include(out, `f:${key}`, found);
  }
  for (const key in old) {
    if (Object.hasOwn(now, key) && now[key] !== undefined) continue;
    const found = compare(DEDUCED, old[key], undefined);
    if (found !== undefined) out = include(out, `f:${key}`, found);
  }
  return out;
}

function compareLists(type: ListType, old: readonly unknown[], now: readonly unknown[]): Comparison | undefined {
  let out: Comparison | undefined;
  // Nearly always both hold the same items in the same order.
  let at = 0;
  for (; at < old.length && at < now.length && isSameItem(type, old[at], now[at]); at++) {
    const found = compare(type.element, old[at], now[at]);
    if (found !== undefined) out = include(out, elementOf(type, now[at]) as string, found);
  }
  if (at === old.length && at === now.length) return out;
  const before = itemsByElement(type, old.slice(at));
  const after = itemsByElement(type, now.slice(at));
  for (const [element, item] of after) {
    const found = compare(type.element, before.get(element), item);
    if (found !== undefined) out = include(out, element, found);
  }
  for (const [element, item] of before) {
    if (after.has(element)) continue;
    const found = compare(type.element, item, undefined);
    if (found !== undefined) out = include(out, element, found);
  }
  return out;
}

function include(out: Comparison | undefined, element: string, found: Comparison): Comparison {
  const into = out ?? {};
  if (found.added !== undefined) ((into.added ??= {}) as FieldSetDraft)[element] = found.added;
  if (found.modified !== undefined) ((into.modified ??= {}) as FieldSetDraft)[element] = found.modified;
  if (found.removed !== undefined) ((into.removed ??= {}) as FieldSetDraft)[element] = found.removed;
  return into;
}

/** All paths of a value that is on one side only, itself included. */
function wholeOf(type: FieldType, value: unknown): FieldSet | undefined {
  if (typeof value !== "object" || value === null || type.kind === "leaf") return LEAF;
  let out: FieldSetDraft | undefined;
  if (Array.isArray(value)) {
    if (type.kind !== "list") return LEAF;
    for (const item of value as readonly unknown[]) {
      const element = elementOf(type, item);
      if (element === undefined) continue;
      const below = wholeOf(type.element, item);
      if (below !== undefined) (out ??= draft(true))[element] = below;
    }
  } else if (type.kind === "list") return LEAF;
  else {
    const fields = type.kind === "map" ? type.fields : undefined;
    const others = (type.kind === "map" ? type.element : undefined) ?? DEDUCED;
    for (const key in value) {
      const child = (value as Json)[key];
      if (child === undefined || child === null) continue;
      if (type.kind === "map" && type.unowned?.has(key) === true) continue;
      const below = wholeOf(fields?.get(key) ?? others, child);
      if (below !== undefined) (out ??= draft(true))[`f:${key}`] = below;
    }
  }
  return out ?? LEAF;
}

/** Plain equality of JSON; key order is nothing. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!isSameValue(a[i], b[i])) return false;
    return true;
  }
  if (Array.isArray(b)) return false;
  for (const key in a) {
    const value = (a as Json)[key];
    if ((b as Json)[key] === value) continue;
    if (!isSameValue(value, Object.hasOwn(b, key) ? (b as Json)[key] : undefined)) return false;
  }
  for (const key in b) if ((b as Json)[key] !== undefined && !Object.hasOwn(a, key)) return false;
  return true;
}
