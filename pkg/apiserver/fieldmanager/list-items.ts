import type { ListKey, ListType } from "./field-type.ts";

/** The element of an item in the paths of its list; undefined when the item lacks a key field. */
export function elementOf(type: ListType, item: unknown): string | undefined {
  const { keys } = type;
  if (keys === undefined) return `v:${JSON.stringify(item)}`;
  if (typeof item !== "object" || item === null || Array.isArray(item)) return undefined;
  let text = "";
  for (const key of keys) {
    const value = keyValue(item, key);
    if (value === undefined) continue;
    text += `${text === "" ? "k:{" : ","}"${key.name}":${JSON.stringify(value)}`;
  }
  return text === "" ? undefined : `${text}}`;
}

function keyValue(item: object, { name, byDefault }: ListKey): unknown {
  const value = Object.hasOwn(item, name) ? (item as Record<string, unknown>)[name] : undefined;
  return value === undefined || value === null ? byDefault : value;
}

/** Whether two items are the same item of their list, without making their elements. */
export function isSameItem(type: ListType, a: unknown, b: unknown): boolean {
  if (type.keys === undefined) return a === b;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  for (const key of type.keys) if (keyValue(a, key) !== keyValue(b, key)) return false;
  return true;
}

/** Items by their element, in order; of items with one element the first. Items without keys are left out. */
export function itemsByElement(type: ListType, list: readonly unknown[]): Map<string, unknown> {
  const out = new Map<string, unknown>();
  for (const item of list) {
    const element = elementOf(type, item);
    if (element !== undefined && !out.has(element)) out.set(element, item);
  }
  return out;
}
