/** Lists of type set and map hold no two alike; upstream's words. */
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import { childPath } from "./findings.ts";
import { isObject, type JsonObject } from "../../json-object.ts";
import { sortedJson } from "./json.ts";
import type { SchemaNode } from "./schema-node.ts";

export function validateListTypes(value: unknown, node: SchemaNode, path: string): FieldError[] {
  const errors: FieldError[] = [];
  check(value, node, path, errors);
  return errors;
}

function check(value: unknown, node: SchemaNode, path: string, errors: FieldError[]): void {
  if (Array.isArray(value)) {
    const type = node.schema["x-kubernetes-list-type"];
    if (type === "set") for (const i of repeated(value)) errors.push(fieldError.duplicate(`${path}[${i}]`, value[i]));
    else if (type === "map") checkMap(value, node.schema["x-kubernetes-list-map-keys"] ?? [], path, errors);
    const { items } = node;
    if (items !== undefined) for (let i = 0; i < value.length; i++) check(value[i], items, `${path}[${i}]`, errors);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const item = value[key];
      if (typeof item !== "object" || item === null) continue;
      const property = node.properties.get(key);
      if (property !== undefined) check(item, property, childPath(path, key), errors);
      else if (node.additional !== undefined) check(item, node.additional, `${path}[${key}]`, errors);
    }
  }
}

function checkMap(list: readonly unknown[], keys: readonly string[], path: string, errors: FieldError[]): void {
  const wrong = list.findIndex((item) => item !== null && !isObject(item));
  if (wrong >= 0) {
    errors.push(
      fieldError.invalid(`${path}[${wrong}]`, list[wrong], "must be an object for an array of list-type map"),
    );
    return;
  }
  const found = list.map((item) => {
    const key: JsonObject = {};
    for (const name of keys) if (isObject(item) && Object.hasOwn(item, name)) key[name] = item[name];
    return key;
  });
  for (const i of repeated(found)) errors.push(fieldError.duplicate(`${path}[${i}]`, found[i]));
}

/** Where each value that comes more than once comes for the second time. */
function repeated(values: readonly unknown[]): number[] {
  if (values.length <= 1) return [];
  const seen = new Map<string, number>();
  const at: number[] = [];
  for (let i = 0; i < values.length; i++) {
    const text = sortedJson(values[i]);
    const times = seen.get(text) ?? 0;
    if (times === 1) at.push(i);
    seen.set(text, times + 1);
  }
  return at;
}
