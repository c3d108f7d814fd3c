import type { Definitions, Schema } from "#pkg/api/schema/schema.ts";
import { celTypes } from "../type.ts";
import type { CelType, ListType, ObjectField, ObjectType } from "../types.ts";
import { escapeProperty } from "./escape.ts";
import { minSerializedSize, REQUEST_BYTES, stringBound } from "./serialized-size.ts";

export interface SchemaTypeOptions {
  /** The root of a resource: apiVersion, kind, metadata.name and metadata.generateName are there in any case. */
  readonly root?: boolean;
  /** Distinguishes objects; the types of fields are named below it. "selfType" when absent. */
  readonly name?: string;
}

/** The type of what a structural schema describes; undefined for what expressions cannot see (no type, unknown fields). */
export function schemaType(
  schema: Schema,
  definitions: Definitions = {},
  options: SchemaTypeOptions = {},
): CelType | undefined {
  return new SchemaTypes(definitions).typeOf(schema, options.name ?? "selfType", options.root ?? false);
}

const META: Schema = {
  type: "object",
  properties: { name: { type: "string" }, generateName: { type: "string" } },
};
const STRING: Schema = { type: "string" };

class SchemaTypes {
  readonly #definitions: Definitions;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  typeOf(given: Schema, name: string, root: boolean): CelType | undefined {
    const schema = this.#resolve(given);
    if (schema["x-kubernetes-int-or-string"] === true || schema.format === "int-or-string") return celTypes.dyn;
    switch (schema.type) {
      case "array":
        return this.#list(schema, name);
      case "object":
        return this.#object(schema, name, root || schema["x-kubernetes-embedded-resource"] === true);
      case "string":
        return stringType(schema);
      case "boolean":
        return celTypes.bool;
      case "integer":
        return celTypes.int;
      case "number":
        return celTypes.double;
      default:
        return undefined;
    }
  }

  #resolve(schema: Schema): Schema {
    let found = schema;
    for (let hops = 0; found.$ref !== undefined && hops < 16; hops++) found = this.#definitions[found.$ref] ?? {};
    return found;
  }

  #list(schema: Schema, name: string): ListType | undefined {
    if (schema.items === undefined) return undefined;
    const element = this.typeOf(schema.items, `${name}.@idx`, false);
    if (element === undefined) return undefined;
    const listType = schema["x-kubernetes-list-type"];
    const maxItems = typeof schema.maxItems === "number" ? Math.max(0, schema.maxItems) : undefined;
    const size = minSerializedSize(this.#resolve(schema.items), this.#definitions);
    return {
      kind: "list",
      element,
      maxElements: maxItems ?? Math.floor((REQUEST_BYTES - 2) / (size + 1)),
      ...(listType === "set" || listType === "map" ? { listType } : {}),
      ...(listType === "map" ? { mapKeys: schema["x-kubernetes-list-map-keys"] ?? [] } : {}),
    };
  }

  #object(schema: Schema, name: string, root: boolean): CelType | undefined {
    const { additionalProperties } = schema;
    if (typeof additionalProperties === "object") {
      const value = this.typeOf(additionalProperties, `${name}.@elem`, false);
      if (value === undefined) return undefined;
      const given = schema.maxProperties;
      const size = minSerializedSize(this.#resolve(additionalProperties), this.#definitions) + 6;
      const maxElements = typeof given === "number" ? Math.max(0, given) : Math.floor((REQUEST_BYTES - 2) / size);
      return celTypes.map(celTypes.string, value, maxElements);
    }
    return this.#fields(schema, name, root);
  }

  /** Types of fields are made when an expression names them: built-in types may hold themselves. */
  #fields(schema: Schema, name: string, root: boolean): ObjectType {
    const given = schema.properties ?? {};
    const properties: Readonly<Record<string, Schema>> = root
      ? { ...given, apiVersion: STRING, kind: STRING, metadata: metadataOf(given.metadata) }
      : given;
    const byEscaped = new Map(
      Object.keys(properties).flatMap((property) => {
        const escaped = escapeProperty(property);
        return escaped === undefined ? [] : [[escaped, property] as const];
      }),
    );
    const known = new Map<string, ObjectField | undefined>();
    const field = (escaped: string): ObjectField | undefined => {
      const property = byEscaped.get(escaped);
      if (property === undefined || known.has(escaped)) return known.get(escaped);
      const type = this.typeOf(properties[property] as Schema, `${name}.${escaped}`, false);
      known.set(escaped, type === undefined ? undefined : { property, type });
      return known.get(escaped);
    };
    return { kind: "object", name, field, names: () => [...byEscaped.keys()] };
  }
}

/** Rules of CRDs see an object's name and generateName and nothing else of its metadata, unless a $ref says more. */
const metadataOf = (given: Schema | undefined): Schema => (given?.$ref === undefined ? META : given);

function stringType(schema: Schema): CelType {
  switch (schema.format) {
    case "byte":
      return { kind: "bytes", maxElements: stringBound(schema) };
    case "duration":
      return { kind: "duration", maxElements: stringBound(schema) };
    case "date":
    case "date-time":
      return { kind: "timestamp", maxElements: stringBound(schema) };
    default:
      return { kind: "string", maxElements: stringBound(schema) };
  }
}
