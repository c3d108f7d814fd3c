import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Schema } from "../../schema/schema.ts";

const single = (value: unknown): Schema | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Schema) : undefined;

/** The type that a list or map type asks for. */
function checkType(errors: FieldError[], schema: Schema, path: string, wanted: string, because: string): boolean {
  const type: string = schema.type ?? "";
  if (type === wanted) return true;
  const why = `must be ${wanted} if ${because} is specified`;
  if (type === "") errors.push(fieldError.required(`${path}.type`, why));
  else errors.push(fieldError.invalid(`${path}.type`, type, why));
  return false;
}

export function checkMapType(errors: FieldError[], schema: Schema, path: string): void {
  const mapType: string | undefined = schema["x-kubernetes-map-type"];
  if (mapType === undefined) return;
  checkType(errors, schema, path, "object", "x-kubernetes-map-type");
  if (mapType !== "atomic" && mapType !== "granular")
    errors.push(fieldError.notSupported(`${path}.x-kubernetes-map-type`, mapType, ["atomic", "granular"]));
}

export function checkListType(errors: FieldError[], schema: Schema, path: string): void {
  const listType: string | undefined = schema["x-kubernetes-list-type"];
  if (listType === undefined) return;
  const isArray = checkType(errors, schema, path, "array", "x-kubernetes-list-type");
  const items = single(schema.items);
  if (isArray && listType === "set" && items !== undefined) {
    const why = "must be atomic as item of a list with x-kubernetes-list-type=set";
    const itemType: string | undefined = items["x-kubernetes-list-type"];
    if (items.type === "array" && itemType !== undefined && itemType !== "atomic")
      errors.push(fieldError.invalid(`${path}.items.x-kubernetes-list-type`, itemType, why));
    if (items.type === "object" && items["x-kubernetes-map-type"] !== "atomic")
      // Upstream shows the list type of the items here.
      errors.push(fieldError.invalid(`${path}.items.x-kubernetes-map-type`, itemType ?? "null", why));
  }
  if (!["atomic", "set", "map"].includes(listType))
    errors.push(fieldError.notSupported(`${path}.x-kubernetes-list-type`, listType, ["atomic", "set", "map"]));
}

export function checkListKeys(errors: FieldError[], schema: Schema, path: string): void {
  const listType: string | undefined = schema["x-kubernetes-list-type"];
  const keys = schema["x-kubernetes-list-map-keys"] ?? [];
  if (keys.length > 0 && listType !== "map") {
    const why = "must be map if x-kubernetes-list-map-keys is non-empty";
    if (listType === undefined) errors.push(fieldError.required(`${path}.x-kubernetes-list-type`, why));
    else errors.push(fieldError.invalid(`${path}.x-kubernetes-list-type`, listType, why));
  }
  if (listType === "map") checkMapOfKeys(errors, schema, keys, path);
  if (listType === "map" || listType === "set") checkItems(errors, schema, keys, listType, path);
}

function checkMapOfKeys(errors: FieldError[], schema: Schema, keys: readonly string[], path: string): void {
  const keysPath = `${path}.x-kubernetes-list-map-keys`;
  if (keys.length === 0)
    errors.push(fieldError.required(keysPath, "must not be empty if x-kubernetes-list-type is map"));
  const items = single(schema.items);
  if (schema.items === undefined)
    errors.push(fieldError.required(`${path}.items`, "must have a schema if x-kubernetes-list-type is map"));
  else if (items === undefined)
    errors.push(
      fieldError.invalid(
        `${path}.items`,
        schema.items,
        "must only have a single schema if x-kubernetes-list-type is map",
      ),
    );
  if (items === undefined) return;
  if (items.type !== "object") {
    const why = "must be object if parent array's x-kubernetes-list-type is map";
    errors.push(fieldError.invalid(`${path}.items.type`, items.type ?? "", why));
    return;
  }
  const properties = new Map(Object.entries(items.properties ?? {}));
  for (const [i, key] of keys.entries()) {
    const property = properties.get(key);
    if (property === undefined)
      errors.push(fieldError.invalid(keysPath, keys, "entries must all be names of item properties"));
    else if (property.type === "array" || property.type === "object")
      errors.push(
        fieldError.invalid(
          `${path}.items.properties[${key}].type`,
          items.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      );
    if (keys.indexOf(key) < i) errors.push(fieldError.invalid(keysPath, keys, "must not contain duplicate entries"));
  }
}

/** Keys are always there, and nothing is null. */
function checkItems(
  errors: FieldError[],
  schema: Schema,
  keys: readonly string[],
  listType: string,
  path: string,
): void {
  const items = single(schema.items);
  if (items === undefined) return;
  if (items.nullable === true)
    errors.push(
      fieldError.forbidden(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`),
    );
  if (listType !== "map") return;
  const properties = new Map(Object.entries(items.properties ?? {}));
  for (const key of keys) {
    const property = properties.get(key);
    if (property === undefined) continue;
    const at = `${path}.items.properties[${key}]`;
    const isRequired = items.required?.includes(key) === true;
    if (!isRequired && (property.default ?? undefined) === undefined)
      errors.push(
        fieldError.required(
          `${at}.default`,
          "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
        ),
      );
    if (property.nullable === true)
      errors.push(
        fieldError.forbidden(
          `${at}.nullable`,
          "this property is in x-kubernetes-list-map-keys, so it cannot be nullable",
        ),
      );
  }
}
