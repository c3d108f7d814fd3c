import type { Definitions, ResourceDefinition, Schema } from "#pkg/api/index.ts";
import { describeObjectMeta, OBJECT_META } from "./object-meta.ts";

/** Finds schemas by name and by kind, over all definitions that are served. */
export interface SchemaIndex {
  get(name: string): Schema | undefined;
  /** The schema's name of a kind that is nobody's own resource: Scale, Binding, Eviction. */
  nameOf(gvk: Gvk): string | undefined;
  /** The named schemas and all that they refer to, sorted by name. */
  closure(names: Iterable<string>): [string, Schema][];
}

/** What is served at one time. */
export interface Grouped {
  readonly list: readonly ResourceDefinition[];
  /** By "api/v1", "apis/apps/v1". */
  readonly groupVersions: ReadonlyMap<string, readonly ResourceDefinition[]>;
  readonly schemas: SchemaIndex;
}

interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const keyOf = ({ group, version, kind }: Gvk): string => `${group}/${version}/${kind}`;

export function indexSchemas(definitions: readonly ResourceDefinition[]): SchemaIndex {
  const tables = new Set<Definitions>(definitions.map((definition) => definition.definitions));
  // Made when somebody asks: of hundreds of custom resources few are looked at.
  const own = new Map<string, () => Schema>();
  for (const definition of definitions) {
    const name = definition.definitionName;
    if (definition.definitions[name] === undefined) own.set(name, () => rootSchema(definition));
    const list = `${name}List`;
    if (definition.verbs.includes("list") && definition.definitions[list] === undefined) {
      own.set(list, () => listSchema(definition));
    }
  }
  const byKind = new Map<string, string>();
  for (const table of tables) {
    for (const [name, schema] of Object.entries(table)) {
      for (const gvk of schema["x-kubernetes-group-version-kind"] ?? []) byKind.set(keyOf(gvk), name);
    }
  }
  const get = (name: string): Schema | undefined => {
    const found = own.get(name)?.();
    if (found !== undefined) return found;
    for (const table of tables) {
      const schema = table[name];
      if (schema !== undefined) return name === OBJECT_META ? describeObjectMeta(schema) : schema;
    }
    return undefined;
  };
  return {
    get,
    nameOf: (gvk) => byKind.get(keyOf(gvk)),
    closure(names) {
      const found = new Map<string, Schema>();
      const visit = (name: string): void => {
        if (found.has(name)) return;
        const schema = get(name);
        if (schema === undefined) return;
        found.set(name, schema);
        for (const ref of refsOf(schema)) visit(ref);
      };
      for (const name of names) visit(name);
      return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1));
    },
  };
}

/** A custom resource's schema as its document publishes it: with the fields that every object has, and its kind. */
function rootSchema({ schema, group, version, kind }: ResourceDefinition): Schema {
  return {
    ...schema,
    type: "object",
    properties: {
      ...schema.properties,
      // What a custom resource says of these has words that clients look for.
      apiVersion: { ...schema.properties?.apiVersion, type: "string" },
      kind: { ...schema.properties?.kind, type: "string" },
      metadata: { description: schema.properties?.metadata?.description, $ref: OBJECT_META },
    },
    "x-kubernetes-group-version-kind": [{ group, version, kind }],
  };
}

function listSchema({ definitionName, group, version, listKind }: ResourceDefinition): Schema {
  return {
    type: "object",
    required: ["items"],
    properties: {
      apiVersion: { type: "string" },
      kind: { type: "string" },
      metadata: { $ref: `${META}ListMeta` },
      items: { type: "array", items: { $ref: definitionName } },
    },
    "x-kubernetes-group-version-kind": [{ group, version, kind: listKind }],
  };
}

function* refsOf(schema: Schema): Generator<string> {
  if (schema.$ref !== undefined) yield schema.$ref;
  for (const child of children(schema)) yield* refsOf(child);
}

/** The schemas directly inside one, wherever JSON Schema lets them stand. */
function* children(schema: Schema): Generator<Schema> {
  if (schema.properties !== undefined) yield* Object.values(schema.properties);
  if (schema.items !== undefined) yield schema.items;
  if (typeof schema.additionalProperties === "object") yield schema.additionalProperties;
}
