import { setOwn } from "#pkg/api/json-object.ts";
import { DEDUCED, type FieldType } from "./field-type.ts";
import { type FieldSet, isEmpty, isMember } from "./field-set.ts";
import { elementOf } from "./list-items.ts";

type Json = Record<string, unknown>;

/**
 * The value without what the set names. What loses all that was in it stays as an empty map or list, since it is not
 * itself named: others may own it. Shares parts with the value.
 */
export function removeItems(type: FieldType, value: unknown, set: FieldSet): unknown {
  if (isEmpty(set) || typeof value !== "object" || value === null || type.kind === "leaf") return value;
  if (Array.isArray(value)) {
    if (type.kind !== "list") return value;
    const items: unknown[] = [];
    for (const item of value as readonly unknown[]) {
      const element = elementOf(type, item);
      const node = element === undefined ? undefined : set[element];
      if (node === undefined) items.push(item);
      else if (!isMember(node)) items.push(removeItems(type.element, item, node));
    }
    return items;
  }
  if (type.kind === "list") return value;
  const out: Json = {};
  for (const key in value) {
    const child = (value as Json)[key];
    const node = set[`f:${key}`];
    if (node === undefined) setOwn(out, key, child);
    else if (!isMember(node)) {
      const field = type.kind === "map" ? (type.fields.get(key) ?? type.element ?? DEDUCED) : DEDUCED;
      setOwn(out, key, removeItems(field, child, node));
    }
  }
  return out;
}
