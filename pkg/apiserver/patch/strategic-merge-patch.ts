/**
 * Strategic merge patch: a merge patch in which lists of objects merge by key. What merges how is read from the schema
 * (x-kubernetes-patch-strategy, x-kubernetes-patch-merge-key); what is to be done otherwise stands in directives:
 *
 *   $patch: replace | delete | merge    in an object, or as an item of a list
 *   $retainKeys: [names]                members not named go
 *   $deleteFromPrimitiveList/F: [v]     values that leave the list F
 *   $setElementOrder/F: [keys]          the order of the list F afterwards
 *
 * (Kubernetes documentation, "Update API Objects in Place Using kubectl patch"; sig-api-machinery/strategic-merge-patch.md)
 */
import { isDeepStrictEqual } from "node:util";
import type { Definitions, Schema } from "#pkg/api/schema/schema.ts";
import { badRequest } from "#pkg/errors/index.ts";

type Json = Record<string, unknown>;

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM = "$deleteFromPrimitiveList/";
const ORDER = "$setElementOrder/";

/** Returns a new value; the inputs stay as they are. @throws 400 */
export function applyStrategicMergePatch(
  target: unknown,
  patch: unknown,
  schema: Schema,
  definitions: Definitions,
): unknown {
  return mergeObject(isObject(target) ? target : {}, patch as Json, resolve(schema, definitions), definitions);
}

function mergeObject(target: Json, patch: Json, schema: Schema, definitions: Definitions): Json {
  const directive = patch[DIRECTIVE];
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge")
    throw badRequest(`Unknown patch type: ${JSON.stringify(directive)} in map`);
  const out: Json = { ...target };
  retainKeys(out, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_FROM)) {
      const field = key.slice(DELETE_FROM.length);
      const gone = listOf(value, key);
      if (Array.isArray(out[field]))
        out[field] = (out[field] as unknown[]).filter((item) => !gone.some((each) => isDeepStrictEqual(each, item)));
      continue;
    }
    if (value === null) {
      delete out[key];
      continue;
    }
    const raw = propertySchema(schema, key);
    const child = resolve(raw, definitions);
    const now = Object.hasOwn(out, key) ? out[key] : undefined;
    if (isObject(value)) {
      const replaces = strategies(raw, child).includes("replace") && value[DIRECTIVE] === undefined;
      define(
        out,
        key,
        replaces ? withoutDirectives(value) : mergeObject(isObject(now) ? now : {}, value, child, definitions),
      );
    } else if (Array.isArray(value)) {
      const merged = mergeList(Array.isArray(now) ? (now as unknown[]) : [], value, raw, child, definitions);
      define(out, key, merged);
    } else define(out, key, value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(ORDER)) continue;
    const field = key.slice(ORDER.length);
    const raw = propertySchema(schema, field);
    if (Array.isArray(out[field]))
      out[field] = ordered(out[field] as unknown[], listOf(value, key), mergeKeyOf(raw, resolve(raw, definitions)));
  }
  return out;
}

function retainKeys(out: Json, patch: Json): void {
  const retained = patch[RETAIN_KEYS];
  if (retained === undefined) return;
  const names = new Set(listOf(retained, RETAIN_KEYS));
  for (const key of Object.keys(patch))
    if (key !== RETAIN_KEYS && key !== DIRECTIVE && patch[key] !== null && !key.startsWith("$") && !names.has(key))
      throw badRequest(`list in $retainKeys doesn't contain all the keys in the patch: ${key}`);
  for (const key of Object.keys(out)) if (!names.has(key)) delete out[key];
}

function mergeList(
  now: readonly unknown[],
  patch: readonly unknown[],
  raw: Schema,
  schema: Schema,
  definitions: Definitions,
): unknown[] {
  const replaces = patch.some(
    (item) => isObject(item) && item[DIRECTIVE] === "replace" && Object.keys(item).length === 1,
  );
  const merges = strategies(raw, schema).includes("merge");
  if (!merges || replaces)
    return patch
      .filter((item) => !(isObject(item) && item[DIRECTIVE] !== undefined && Object.keys(item).length === 1))
      .map((item) => (isObject(item) ? withoutDirectives(item) : item));
  const key = mergeKeyOf(raw, schema);
  if (key === undefined) {
    const out = [...now];
    for (const item of patch) if (!out.some((each) => isDeepStrictEqual(each, item))) out.push(item);
    return out;
  }
  const items = resolve(schema.items ?? {}, definitions);
  let out = [...now];
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`expected an object in a list that merges by key ${key}`);
    const id = item[key];
    if (id === undefined) throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    const at = out.findIndex((each) => isObject(each) && isDeepStrictEqual(each[key], id));
    if (item[DIRECTIVE] === "delete") out = out.filter((each) => !(isObject(each) && isDeepStrictEqual(each[key], id)));
    else if (at < 0) out.push(mergeObject({}, item, items, definitions));
    else out[at] = mergeObject(out[at] as Json, item, items, definitions);
  }
  return out;
}

/** Items that the order names, in that order; the others stay behind the item they stood behind. */
function ordered(list: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const idOf = (item: unknown): unknown => (mergeKey !== undefined && isObject(item) ? item[mergeKey] : item);
  const wanted = order.map((item) => idOf(item));
  const position = (item: unknown): number => wanted.findIndex((id) => isDeepStrictEqual(id, idOf(item)));
  const named = list.filter((item) => position(item) >= 0).sort((a, b) => position(a) - position(b));
  const out: unknown[] = [];
  let next = 0;
  // Unnamed items keep their place relative to the named item before them.
  for (const item of list) {
    if (position(item) >= 0) continue;
    const before = list.slice(0, list.indexOf(item)).filter((each) => position(each) >= 0).length;
    while (next < named.length && next < before) out.push(named[next++]);
    out.push(item);
  }
  return [...out, ...named.slice(next)];
}

function withoutDirectives(value: Json): Json {
  const out: Json = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(DELETE_FROM) || key.startsWith(ORDER)) continue;
    if (item === null) continue;
    define(
      out,
      key,
      Array.isArray(item)
        ? item.map((each) => (isObject(each) ? withoutDirectives(each) : (each as unknown)))
        : isObject(item)
          ? withoutDirectives(item)
          : item,
    );
  }
  return out;
}

const strategies = (raw: Schema, resolved: Schema): readonly string[] =>
  (raw["x-kubernetes-patch-strategy"] ?? resolved["x-kubernetes-patch-strategy"] ?? "").split(",");
const mergeKeyOf = (raw: Schema, resolved: Schema): string | undefined =>
  raw["x-kubernetes-patch-merge-key"] ?? resolved["x-kubernetes-patch-merge-key"];

function propertySchema(schema: Schema, key: string): Schema {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key] as Schema;
  return typeof additionalProperties === "object" ? additionalProperties : {};
}

function resolve(schema: Schema, definitions: Definitions): Schema {
  return schema.$ref === undefined ? schema : (definitions[schema.$ref] ?? {});
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw badRequest(`unable to parse ${what}: expected a list`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** "__proto__" is a member like any other. */
function define(target: Json, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
