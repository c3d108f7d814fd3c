import type { Definitions, Schema } from "#pkg/api/schema/schema.ts";

/** Upstream's largest request: what nothing else bounds cannot be larger than this, in bytes. */
export const REQUEST_BYTES = 3 * 1024 * 1024;
const FORMAT_BYTES: Readonly<Record<string, number>> = { "date-time": 20, date: 10, duration: 2 };
const MAX_DEPTH = 20;

/** The shortest JSON an item of the schema may have, in bytes. */
export function minSerializedSize(schema: Schema, definitions: Definitions, depth = 0): number {
  if (schema["x-kubernetes-int-or-string"] === true || depth > MAX_DEPTH) return 1;
  switch (schema.type) {
    case "string":
      return schema.enum === undefined ? 2 + (FORMAT_BYTES[schema.format ?? ""] ?? 0) : shortest(schema.enum);
    case "boolean":
      return 4;
    case "object": {
      let size = 2;
      for (const name of schema.required ?? []) {
        const property = schema.properties?.[name];
        if (property === undefined || property.default !== undefined) continue;
        const resolved = property.$ref === undefined ? property : (definitions[property.$ref] ?? {});
        size += name.length + 4 + minSerializedSize(resolved, definitions, depth + 1);
      }
      return size;
    }
    case "array":
      return 2;
    default:
      return 1;
  }
}

const shortest = (values: readonly unknown[]): number =>
  Math.min(...values.slice(0, 1000).map((value) => JSON.stringify(value)?.length ?? 1));

/** The longest text of a string schema, in bytes: a code point has up to four. */
export function stringBound(schema: Schema): number {
  if (typeof schema.maxLength === "number")
    return schema.format === "byte" ? schema.maxLength : Math.max(0, schema.maxLength) * 4;
  if (schema.enum !== undefined)
    return Math.max(0, ...schema.enum.slice(0, 10_000).map((value) => String(value).length));
  if (schema.format === "date-time") return 35;
  if (schema.format === "date") return 10;
  return schema.format === "duration" ? 32 : REQUEST_BYTES - 2;
}
