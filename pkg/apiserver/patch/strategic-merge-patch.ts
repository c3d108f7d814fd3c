import { isObject, type JsonObject, setOwn } from "#pkg/api/json-object.ts";
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
import type { Definitions, Schema } from "#pkg/api/schema/schema.ts";
import { badRequest } from "#pkg/errors/index.ts";

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM = "$deleteFromPrimitiveList/";
const ORDER = "$setElementOrder/";

/** Upstream's words, which clients may match on. */
const BAD_PRIMITIVE_LIST = "invalid patch format of primitive list";
const BAD_RETAIN_KEYS = "invalid patch format of retainKeys";
const BAD_ORDER = "invalid patch format of setElementOrder list";

/** Returns a new value; the inputs stay as they are. @throws 400 */
export function applyStrategicMergePatch(
  target: unknown,
  patch: unknown,
  schema: Schema,
  definitions: Definitions,
): unknown {
  return mergeObject(isObject(target) ? target : {}, patch as JsonObject, resolve(schema, definitions), definitions);
}

function mergeObject(target: JsonObject, patch: JsonObject, schema: Schema, definitions: Definitions): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === "replace") return withoutDirectives(patch);
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge")
    throw badRequest(`Unknown patch type: ${JSON.stringify(directive)} in map`);
  const out: JsonObject = { ...target };
  retainKeys(out, patch);
  for (const [key, value] of Object.entries(patch)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(ORDER)) continue;
    if (key.startsWith(DELETE_FROM)) {
      const field = key.slice(DELETE_FROM.length);
      const gone = new Set(listOf(value, BAD_PRIMITIVE_LIST).map(identity));
      const list = Object.hasOwn(out, field) ? out[field] : undefined;
      if (Array.isArray(list))
        setOwn(
          out,
          field,
          list.filter((item) => !gone.has(identity(item))),
        );
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
      setOwn(
        out,
        key,
        replaces ? withoutDirectives(value) : mergeObject(isObject(now) ? now : {}, value, child, definitions),
      );
    } else if (Array.isArray(value)) {
      const merged = mergeList(Array.isArray(now) ? (now as unknown[]) : [], value, raw, child, definitions);
      setOwn(out, key, merged);
    } else setOwn(out, key, value);
  }
  for (const [key, value] of Object.entries(patch)) {
    if (!key.startsWith(ORDER)) continue;
    const field = key.slice(ORDER.length);
    const raw = propertySchema(schema, field);
    const order = listOf(value, BAD_ORDER);
    const list = Object.hasOwn(out, field) ? out[field] : undefined;
    if (Array.isArray(list)) setOwn(out, field, ordered(list, order, mergeKeyOf(raw, resolve(raw, definitions))));
  }
  return out;
}

function retainKeys(out: JsonObject, patch: JsonObject): void {
  const retained = patch[RETAIN_KEYS];
  if (retained === undefined) return;
  const names = new Set(listOf(retained, BAD_RETAIN_KEYS));
  for (const key of Object.keys(patch))
    if (key !== RETAIN_KEYS && key !== DIRECTIVE && patch[key] !== null && !key.startsWith("$") && !names.has(key))
      throw badRequest(BAD_RETAIN_KEYS);
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
    const there = new Set(now.map(identity));
    const more = patch.filter((item) => !there.has(identity(item)) && there.add(identity(item)));
    return [...now, ...more];
  }
  const items = resolve(schema.items ?? {}, definitions);
  const { deleted, merged } = itemsByDirective(patch, key);
  const out =
    deleted.size === 0 ? [...now] : now.filter((item) => !(isObject(item) && deleted.has(identity(item[key]))));
  const places = new Map<string, number>();
  out.forEach((item, i) => {
    const id = isObject(item) ? identity(item[key]) : undefined;
    if (id !== undefined && !places.has(id)) places.set(id, i);
  });
  for (const item of merged) {
    const id = identity(item[key]);
    const at = places.get(id);
    if (at === undefined) places.set(id, out.push(mergeObject({}, item, items, definitions)) - 1);
    else out[at] = mergeObject(out[at] as JsonObject, item, items, definitions);
  }
  return out;
}

/** Deletions are done before anything is merged, wherever they stand. @throws 400 */
function itemsByDirective(
  patch: readonly unknown[],
  key: string,
): { readonly deleted: ReadonlySet<string>; readonly merged: readonly JsonObject[] } {
  const deleted = new Set<string>();
  const merged: JsonObject[] = [];
  for (const item of patch) {
    if (!isObject(item)) throw badRequest(`expected an object in a list that merges by key ${key}`);
    if (item[key] === undefined)
      throw badRequest(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
    if (item[DIRECTIVE] === "delete") deleted.add(identity(item[key]));
    else merged.push(item);
  }
  return { deleted, merged };
}

/** What tells values of lists apart. */
const identity = (value: unknown): string => (typeof value === "string" ? `"${value}` : (JSON.stringify(value) ?? ""));

/** Items that the order names, in that order; the others stay behind the item they stood behind. */
function ordered(list: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const idOf = (item: unknown): string => identity(mergeKey !== undefined && isObject(item) ? item[mergeKey] : item);
  const places = new Map(order.map((item, i) => [idOf(item), i]));
  const placed = list.map((item) => ({ item, place: places.get(idOf(item)) }));
  const named = placed
    .filter((each): each is { item: unknown; place: number } => each.place !== undefined)
    .sort((a, b) => a.place - b.place);
  const out: unknown[] = [];
  let next = 0;
  let before = 0;
  // Unnamed items keep their place relative to the named item before them.
  for (const { item, place } of placed) {
    if (place !== undefined) {
      before++;
      continue;
    }
    while (next < before) out.push(named[next++]?.item);
    out.push(item);
  }
  return [...out, ...named.slice(next).map((each) => each.item)];
}

function withoutDirectives(value: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (key === DIRECTIVE || key === RETAIN_KEYS || key.startsWith(DELETE_FROM) || key.startsWith(ORDER)) continue;
    if (item === null) continue;
    setOwn(
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

function listOf(value: unknown, otherwise: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw badRequest(otherwise);
}
