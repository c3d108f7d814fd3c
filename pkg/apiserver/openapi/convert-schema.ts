import type { Schema } from "#pkg/api/index.ts";

type Json = Record<string, unknown>;

/** Keywords that OpenAPI v2 does not have. A value that may be null is of any type there, as upstream publishes it. */
const NOT_IN_V2: ReadonlySet<string> = new Set(["nullable", "oneOf", "anyOf", "allOf", "not"]);
const SUBSCHEMA_LISTS: ReadonlySet<string> = new Set(["oneOf", "anyOf", "allOf"]);

/** The schema as OpenAPI v2 writes it, with `#/definitions/` references. */
export function toV2(schema: Schema): Json {
  const out = map(schema, toV2, NOT_IN_V2);
  if (typeof out.$ref === "string") out.$ref = `#/definitions/${out.$ref}`;
  if (schema["x-kubernetes-int-or-string"] === true) delete out.type;
  // Whoever validates by a v2 document takes the properties that are named for all there are.
  if (schema["x-kubernetes-preserve-unknown-fields"] === true) delete out.properties;
  if (schema.nullable === true) {
    for (const keyword of ["type", "properties", "items", "additionalProperties"]) delete out[keyword];
  }
  return out;
}

/** The schema as OpenAPI v3 writes it, with `#/components/schemas/` references; beside a reference nothing may stand. */
export function toV3(schema: Schema): Json {
  const out = map(schema, toV3, new Set());
  if (typeof out.$ref === "string") {
    const ref = { $ref: `#/components/schemas/${out.$ref}` };
    delete out.$ref;
    return Object.keys(out).length === 0 ? ref : { ...out, allOf: [ref] };
  }
  if (out.format === "int-or-string" && out.type === "string") {
    return { format: "int-or-string", oneOf: [{ type: "integer" }, { type: "string" }] };
  }
  return out;
}

/** A copy in which every schema inside was converted; keywords are told from properties of the same name. */
function map(schema: Schema, convert: (schema: Schema) => Json, without: ReadonlySet<string>): Json {
  const out: Json = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (without.has(keyword) || value === undefined) continue;
    if (keyword === "properties" || keyword === "patternProperties" || keyword === "definitions") {
      out[keyword] = mapValues(value as Readonly<Record<string, Schema>>, convert);
    } else if (keyword === "items" || keyword === "not" || keyword === "additionalProperties") {
      out[keyword] = typeof value === "object" && value !== null ? convert(value as Schema) : value;
    } else if (SUBSCHEMA_LISTS.has(keyword)) {
      out[keyword] = (value as readonly Schema[]).map(convert);
    } else {
      out[keyword] = value;
    }
  }
  return out;
}

function mapValues(properties: Readonly<Record<string, Schema>>, convert: (schema: Schema) => Json): Json {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convert(schema)]));
}
