import type { Schema } from "../schema/schema.ts";

/** The descriptions begin as upstream's do: `kubectl explain` is checked for them. */
const OBJECT_META: Schema = {
  $ref: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
  description: "Standard object's metadata.",
};
const TYPE_META: Readonly<Record<string, Schema>> = {
  apiVersion: {
    type: "string",
    description: "APIVersion defines the versioned schema of this representation of an object.",
  },
  kind: {
    type: "string",
    description: "Kind is a string value representing the REST resource this object represents.",
  },
};

/** Members that hold one schema, a list of schemas, or schemas by name. */
const SINGLE = ["items", "additionalProperties", "not"];
const LISTS = ["allOf", "anyOf", "oneOf"];

/**
 * The schema of a custom resource as OpenAPI documents show it: apiVersion, kind and metadata are added to it and to
 * every embedded resource.
 */
export function publishedSchema(
  schema: Schema | undefined,
  kind: { readonly group: string; readonly version: string; readonly kind: string },
): Schema {
  const published = withMeta(schema ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true });
  return {
    ...published,
    type: "object",
    properties: { ...published.properties, ...TYPE_META, metadata: OBJECT_META },
    "x-kubernetes-group-version-kind": [{ group: kind.group, version: kind.version, kind: kind.kind }],
  };
}

/** The same schema object where nothing in it is embedded. */
function withMeta(schema: Schema): Schema {
  const changed: Record<string, unknown> = {};
  for (const key of SINGLE) {
    const child = schema[key];
    if (typeof child === "object" && child !== null) keep(changed, key, child as Schema, withMeta(child as Schema));
  }
  for (const key of LISTS) {
    const list = schema[key] as readonly Schema[] | undefined;
    const made = list?.map(withMeta);
    if (made?.some((each, i) => each !== list?.[i]) === true) changed[key] = made;
  }
  const { properties = {} } = schema;
  const made: Record<string, Schema> = {};
  for (const name of Object.keys(properties))
    keep(made, name, properties[name] as Schema, withMeta(properties[name] as Schema));
  if (Object.keys(made).length > 0) changed["properties"] = { ...properties, ...made };
  if (schema["x-kubernetes-embedded-resource"] === true)
    changed["properties"] = { ...properties, ...made, ...TYPE_META, metadata: OBJECT_META };
  return Object.keys(changed).length === 0 ? schema : { ...schema, ...changed };
}

function keep(target: Record<string, unknown>, key: string, before: Schema, after: Schema): void {
  if (after !== before)
    Object.defineProperty(target, key, { value: after, enumerable: true, configurable: true, writable: true });
}

/** "com.example.stable.v1.CronTab" for CronTab in stable.example.com/v1. */
export const definitionName = (group: string, version: string, kind: string): string =>
  [...group.split(".").reverse(), version, kind].join(".");
