import { isObject, type JsonObject, setOwn } from "../../json-object.ts";
import { isStrayNull, META_FIELDS, type SchemaNode } from "./schema-node.ts";

/**
 * Upstream's structural defaulting, in place: absent fields and nulls where null is not allowed get the schema's default,
 * what a default brings gets the defaults below it.
 */
export function applyDefaults(object: JsonObject, root: SchemaNode): void {
  if (root.hasDefaults) applyToObject(object, root, true);
}

function apply(value: unknown, node: SchemaNode): void {
  if (typeof value !== "object" || value === null || !node.hasDefaults) return;
  if (Array.isArray(value)) applyToList(value, node);
  else applyToObject(value as JsonObject, node, false);
}

function applyToObject(object: JsonObject, node: SchemaNode, isRoot: boolean): void {
  for (const [name, property] of node.properties) {
    if (!property.hasDefaults || (isRoot && META_FIELDS.has(name))) continue;
    if (property.default !== undefined && (!Object.hasOwn(object, name) || isStrayNull(object[name], property)))
      setOwn(object, name, copyDefault(property.default));
    if (Object.hasOwn(object, name)) apply(object[name], property);
  }
  const { additional } = node;
  if (additional?.hasDefaults !== true) return;
  for (const key of Object.keys(object)) {
    if (node.properties.has(key)) continue;
    if (additional.default !== undefined && isStrayNull(object[key], additional))
      setOwn(object, key, copyDefault(additional.default));
    apply(object[key], additional);
  }
}

function applyToList(list: unknown[], node: SchemaNode): void {
  const { items } = node;
  if (items === undefined) return;
  for (let i = 0; i < list.length; i++) {
    if (items.default !== undefined && isStrayNull(list[i], items)) list[i] = copyDefault(items.default);
    apply(list[i], items);
  }
}

const copyDefault = (value: unknown): unknown =>
  typeof value === "object" && value !== null ? structuredClone(value) : value;

/**
 * True where pruning and defaulting would change nothing: the common case of what is read from the store. `isRoot` where
 * apiVersion, kind and metadata are the machine's.
 */
export function isSettled(value: unknown, node: SchemaNode | undefined, isRoot: boolean, keeps: boolean): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (Array.isArray(value)) {
    const items = node?.items;
    if (items === undefined && keeps) return true;
    for (const item of value) {
      if (items?.default !== undefined && isStrayNull(item, items)) return false;
      if (!isSettled(item, items, false, keeps || items?.preserves === true)) return false;
    }
    return true;
  }
  const object = value as JsonObject;
  if (node?.hasDefaults === true && !hasItsDefaults(object, node, isRoot)) return false;
  const isResource = isRoot || node?.isEmbedded === true;
  for (const key of Object.keys(object)) {
    const item = object[key];
    if (isResource && META_FIELDS.has(key)) {
      if (!isRoot && !(key === "metadata" ? isObject(item) : typeof item === "string")) return false;
      continue;
    }
    const property = node?.properties.get(key);
    if (property !== undefined) {
      if (isStrayNull(item, property) || !isSettled(item, property, false, property.preserves)) return false;
    } else if (node?.hasAdditional === true) {
      const { additional } = node;
      if (additional?.default !== undefined && isStrayNull(item, additional)) return false;
      if (!isSettled(item, additional, false, additional?.preserves === true)) return false;
    } else if (!keeps) return false;
  }
  return true;
}

function hasItsDefaults(object: JsonObject, node: SchemaNode, isRoot: boolean): boolean {
  for (const [name, property] of node.properties) {
    if (property.default === undefined || (isRoot && META_FIELDS.has(name))) continue;
    if (!Object.hasOwn(object, name)) return false;
  }
  return true;
}
