/**
 * What of a schema decides who owns what: where objects are owned field by field and lists item by item, and where a
 * value is owned as a whole. Compiled once for each definition.
 */
import type { Definitions, Schema } from "#pkg/api/schema/schema.ts";

/** Owned as a whole: scalars, atomic lists and atomic maps. */
export interface LeafType {
  readonly kind: "leaf";
}

/** Nothing is declared: objects are owned field by field, everything else as a whole. */
export interface DeducedType {
  readonly kind: "deduced";
}

export interface MapType {
  readonly kind: "map";
  /** Declared fields. */
  readonly fields: ReadonlyMap<string, FieldType>;
  /** Type of what is not declared; undefined where nothing else may be. */
  readonly element: FieldType | undefined;
  /** Upstream's type holds it as a struct, not as a pointer: it is always there, if only empty. */
  readonly embedded: boolean;
  /** Fields that nobody owns. */
  readonly unowned: ReadonlySet<string> | undefined;
}

export interface ListType {
  readonly kind: "list";
  /** Fields that tell items apart, in order of name; undefined for a set of scalars. */
  readonly keys: readonly ListKey[] | undefined;
  readonly element: FieldType;
  /** A required field: upstream writes it as null where it has no items. */
  readonly embedded: boolean;
}

export interface ListKey {
  readonly name: string;
  readonly byDefault: unknown;
}

export type FieldType = LeafType | DeducedType | MapType | ListType;

export const LEAF_TYPE: LeafType = { kind: "leaf" };
export const DEDUCED: DeducedType = { kind: "deduced" };
const NOTHING: ReadonlyMap<string, FieldType> = new Map();

/** Types that upstream's Go types hold by value (the published schemas do not say so), by the end of their names. */
const EMBEDDED = new Set([
  "ObjectMeta",
  "PodTemplateSpec",
  "PodSpec",
  "JobTemplateSpec",
  "JobSpec",
  "DeploymentStrategy",
  "DaemonSetUpdateStrategy",
  "StatefulSetUpdateStrategy",
  "ResourceRequirements",
  "VolumeResourceRequirements",
  "LoadBalancerStatus",
  "IngressLoadBalancerStatus",
  "NodeSystemInfo",
  "NodeDaemonEndpoints",
  "DaemonEndpoint",
  "EventSource",
  "RoleRef",
  "CustomResourceDefinitionNames",
  "CrossVersionObjectReference",
]);

/** Metadata that only the server writes, and what the path of a request says anyway. */
const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  "name",
  "namespace",
  "creationTimestamp",
  "selfLink",
  "uid",
  "clusterName",
  "generation",
  "managedFields",
  "resourceVersion",
]);

const leafMap = (): MapType => mapOf(NOTHING, LEAF_TYPE);

/** metav1.ObjectMeta, which custom resources do not declare. */
export function objectMetaType(unowned: boolean): MapType {
  const fields = new Map<string, FieldType>([
    ["labels", leafMap()],
    ["annotations", leafMap()],
    ["finalizers", { kind: "list", keys: undefined, element: LEAF_TYPE, embedded: false }],
    [
      "ownerReferences",
      { kind: "list", keys: [{ name: "uid", byDefault: undefined }], element: LEAF_TYPE, embedded: false },
    ],
  ]);
  for (const name of [...UNOWNED_METADATA, "generateName", "deletionTimestamp", "deletionGracePeriodSeconds"])
    fields.set(name, LEAF_TYPE);
  return { kind: "map", fields, element: undefined, embedded: true, unowned: unowned ? UNOWNED_METADATA : undefined };
}

function mapOf(fields: ReadonlyMap<string, FieldType>, element: FieldType | undefined, embedded = false): MapType {
  return { kind: "map", fields, element, embedded, unowned: undefined };
}

/** Compiles the types of one set of definitions; each is compiled once, on first use. */
export class FieldTypeCompiler {
  readonly #definitions: Definitions;
  readonly #named = new Map<string, FieldType>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /**
   * The type of a whole object: kind, apiVersion and the fields named by `unowned` belong to nobody, nor does metadata
   * that the server writes. `structured` for built-in kinds, whose spec and status are always there.
   */
  object(schema: Schema, structured: boolean, unowned: (field: string) => boolean): MapType {
    const properties = schema.properties ?? {};
    const fields = new Map<string, FieldType>();
    const skipped = new Set(["kind", "apiVersion"]);
    for (const [name, property] of Object.entries(properties)) {
      const type = this.compile(property);
      fields.set(
        name,
        structured && (name === "spec" || name === "status") && type.kind === "map" ? new EmbeddedType(type) : type,
      );
      if (unowned(name)) skipped.add(name);
    }
    fields.set("kind", LEAF_TYPE).set("apiVersion", LEAF_TYPE).set("metadata", objectMetaType(true));
    const element = isOpen(schema) ? DEDUCED : undefined;
    if (element !== undefined && unowned("status")) skipped.add("status");
    return { kind: "map", fields, element, embedded: false, unowned: skipped };
  }

  compile(schema: Schema): FieldType {
    if (schema.$ref !== undefined) {
      const type = this.#reference(schema.$ref);
      // A field may say more about its type than the type itself does.
      return schema["x-kubernetes-map-type"] === "atomic" ? LEAF_TYPE : type;
    }
    if (schema["x-kubernetes-int-or-string"] === true || schema.format === "int-or-string") return LEAF_TYPE;
    if (schema["x-kubernetes-map-type"] === "atomic") return LEAF_TYPE;
    switch (schema.type) {
      case "object":
        return this.#map(schema);
      case "array":
        return this.#list(schema);
      case undefined:
        if (schema.properties !== undefined) return this.#map(schema);
        return isOpen(schema) ? DEDUCED : LEAF_TYPE;
      default:
        return LEAF_TYPE;
    }
  }

  #reference(name: string): FieldType {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const short = name.slice(name.lastIndexOf(".") + 1);
    const schema = this.#definitions[name] ?? {};
    let type: FieldType;
    if (short === "ObjectMeta") type = objectMetaType(false);
    else if (schema.type === "object" || schema.properties !== undefined) {
      if (schema["x-kubernetes-map-type"] === "atomic") type = LEAF_TYPE;
      else {
        // Definitions refer to themselves: the name must answer before its fields are known.
        const late = new NamedType(EMBEDDED.has(short));
        this.#named.set(name, late);
        const compiled = this.#map(schema) as MapType;
        late.fields = compiled.fields;
        late.element = compiled.element;
        return late;
      }
    } else type = this.compile(schema);
    this.#named.set(name, type);
    return type;
  }

  #map(schema: Schema): FieldType {
    const fields = new Map<string, FieldType>();
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const type = this.compile(property);
      const required = type.kind === "list" && schema.required?.includes(name) === true;
      fields.set(name, required ? { ...type, embedded: true } : type);
    }
    if (schema["x-kubernetes-embedded-resource"] === true)
      fields.set("kind", LEAF_TYPE).set("apiVersion", LEAF_TYPE).set("metadata", objectMetaType(false));
    const { additionalProperties } = schema;
    if (typeof additionalProperties === "object") return mapOf(fields, this.compile(additionalProperties));
    return mapOf(fields, isOpen(schema) || fields.size === 0 ? DEDUCED : undefined);
  }

  #list(schema: Schema): FieldType {
    const items = schema.items ?? {};
    const strategy = schema["x-kubernetes-patch-strategy"] ?? "";
    const mergeKey = schema["x-kubernetes-patch-merge-key"];
    // Lists that say nothing of their type but merge in a strategic patch are taken for what that says.
    const listType =
      schema["x-kubernetes-list-type"] ??
      (!strategy.split(",").includes("merge") ? "atomic" : mergeKey === undefined ? "set" : "map");
    if (listType === "atomic") return LEAF_TYPE;
    const element = this.compile(items);
    if (listType === "set") return { kind: "list", keys: undefined, element, embedded: false };
    const names = schema["x-kubernetes-list-map-keys"] ?? (mergeKey === undefined ? [] : [mergeKey]);
    const { properties = {} } = items.$ref === undefined ? items : (this.#definitions[items.$ref] ?? {});
    const keys = names.toSorted().map((name) => ({ name, byDefault: defaultOf(name, properties[name]) }));
    return { kind: "list", keys, element, embedded: false };
  }
}

/** The published schemas of built-in kinds leave out the one default that a key has: a port is TCP. */
function defaultOf(name: string, schema: Schema | undefined): unknown {
  return schema?.default ?? (name === "protocol" ? "TCP" : undefined);
}

const isOpen = (schema: Schema): boolean =>
  schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties === true;

class NamedType implements MapType {
  readonly kind = "map";
  readonly embedded: boolean;
  readonly unowned = undefined;
  fields = NOTHING;
  element: FieldType | undefined;

  constructor(embedded: boolean) {
    this.embedded = embedded;
  }
}

/** The same type where upstream holds it by value. */
class EmbeddedType implements MapType {
  readonly kind = "map";
  readonly embedded = true;
  readonly unowned = undefined;
  readonly #type: MapType;

  constructor(type: MapType) {
    this.#type = type;
  }

  get fields(): ReadonlyMap<string, FieldType> {
    return this.#type.fields;
  }

  get element(): FieldType | undefined {
    return this.#type.element;
  }
}
