import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import { type CelValue, StructValue, toJson } from "#pkg/cel/index.ts";
import { DEDUCED, type FieldType } from "../../fieldmanager/field-type.ts";
import type { FieldTypes } from "../../fieldmanager/field-types.ts";
import { fieldsOf } from "../../fieldmanager/fields-of.ts";
import { merge } from "../../fieldmanager/merge.ts";
import { applyJsonPatch } from "../../patch/index.ts";

type Json = Record<string, unknown>;

/** An applyConfiguration of a policy laid over the object, as an apply would. @throws Error in upstream's words */
export function applyConfiguration(
  types: FieldTypes,
  definition: ResourceDefinition,
  live: KubeObject,
  value: CelValue,
): unknown {
  if (!(value instanceof StructValue)) throw new Error("unsupported return type from ApplyConfiguration expression");
  checkTypeNames(value, "Object");
  const config = { ...(toJson(value) as Json), apiVersion: live.apiVersion, kind: live.kind };
  // Bodies of subresources (Scale) have no schema here.
  const type: FieldType =
    live.kind === definition.kind && live.apiVersion === apiVersionOf(definition)
      ? types.of(definition, "all")
      : DEDUCED;
  try {
    fieldsOf(type, config, true);
  } catch (err) {
    throw new Error(`error applying patch: failed to convert patch object to typed object: ${(err as Error).message}`, {
      cause: err,
    });
  }
  const atomics = atomicsOf(type, config, "");
  if (atomics.length > 0)
    throw new Error(
      `error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(", ")}`,
    );
  return merge(type, live, config);
}

/** The jsonPatch of a policy. @throws ApiError for a patch that does not apply */
export function applyPatches(live: KubeObject, value: CelValue): unknown {
  return applyJsonPatch(JSON.parse(JSON.stringify(live)), toJson(value));
}

/** `Object.spec{…}` belongs into the field spec of Object, and nowhere else. */
function checkTypeNames(value: CelValue, expected: string): void {
  if (value instanceof StructValue) {
    if (value.typeName !== expected)
      throw new Error(
        `type mismatch: unexpected type name ${JSON.stringify(value.typeName)}, expected ${JSON.stringify(expected)}, which matches field name path from root Object type`,
      );
    for (const field of value.keys()) checkTypeNames(value.get(field), `${expected}.${field as string}`);
    return;
  }
  if (typeof value !== "object" || value === null || !(Symbol.iterator in value) || value instanceof Uint8Array) return;
  for (const item of value as Iterable<CelValue>) checkTypeNames(item, expected);
}

/** Atomic lists and maps would lose what the configuration does not repeat: they may not be set. */
function atomicsOf(type: FieldType, value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (type.kind === "leaf") return [path];
  if (Array.isArray(value)) {
    if (type.kind !== "list") return [path];
    return value.flatMap((item, i) => atomicsOf(type.element, item, `${path}[${i}]`));
  }
  return Object.entries(value).flatMap(([key, item]) => {
    const field = type.kind === "map" ? (type.fields.get(key) ?? type.element ?? DEDUCED) : DEDUCED;
    return atomicsOf(field, item, `${path}.${key}`);
  });
}
