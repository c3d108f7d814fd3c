import type { Schema } from "../../schema/schema.ts";

/** Names that every resource has, embedded ones too, whether or not its schema says so. */
export const META_FIELDS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

/**
 * One place of a structural schema, as decoding, defaulting and validation walk it. Children are made when a value first
 * reaches them: of a large schema only what is used costs anything.
 */
export class SchemaNode {
  readonly schema: Schema;
  readonly nullable: boolean;
  /** Unknown fields are kept here. */
  readonly preserves: boolean;
  readonly isEmbedded: boolean;
  /** Any key is known, with `additional` for the values (nothing is known of these where it is undefined). */
  readonly hasAdditional: boolean;
  readonly default: unknown;
  #properties: ReadonlyMap<string, SchemaNode> | undefined;
  #items: SchemaNode | undefined;
  #additional: SchemaNode | undefined;
  #hasDefaults: boolean | undefined;
  #hasEmbedded: boolean | undefined;
  readonly #isRoot: boolean;

  constructor(schema: Schema, isRoot = false) {
    this.schema = schema;
    this.nullable = schema.nullable === true;
    this.preserves = schema["x-kubernetes-preserve-unknown-fields"] === true;
    this.isEmbedded = schema["x-kubernetes-embedded-resource"] === true;
    this.hasAdditional = schema.additionalProperties !== undefined;
    this.default = schema.default ?? undefined;
    this.#isRoot = isRoot;
  }

  get properties(): ReadonlyMap<string, SchemaNode> {
    if (this.#properties === undefined) {
      const nodes = new Map<string, SchemaNode>();
      const given = this.schema.properties ?? {};
      for (const name of Object.keys(given)) nodes.set(name, new SchemaNode(given[name] as Schema));
      this.#properties = nodes;
    }
    return this.#properties;
  }

  get items(): SchemaNode | undefined {
    const { items } = this.schema;
    if (this.#items === undefined && typeof items === "object") this.#items = new SchemaNode(items);
    return this.#items;
  }

  get additional(): SchemaNode | undefined {
    const { additionalProperties } = this.schema;
    if (this.#additional === undefined && typeof additionalProperties === "object")
      this.#additional = new SchemaNode(additionalProperties);
    return this.#additional;
  }

  /** True where this place or one below it has a default; what the root says of its own metadata does not count. */
  get hasDefaults(): boolean {
    this.#hasDefaults ??= this.default !== undefined || this.#childHasDefaults();
    return this.#hasDefaults;
  }

  /** True where this place or one below it is an embedded resource. */
  get hasEmbedded(): boolean {
    this.#hasEmbedded ??=
      this.isEmbedded ||
      [...this.properties.values()].some((node) => node.hasEmbedded) ||
      this.items?.hasEmbedded === true ||
      this.additional?.hasEmbedded === true;
    return this.#hasEmbedded;
  }

  #childHasDefaults(): boolean {
    for (const [name, node] of this.properties)
      if (!(this.#isRoot && META_FIELDS.has(name)) && node.hasDefaults) return true;
    return this.items?.hasDefaults === true || this.additional?.hasDefaults === true;
  }
}

/** Null where null is not allowed: as good as absent. */
export const isStrayNull = (value: unknown, node: SchemaNode | undefined): boolean =>
  value === null && node !== undefined && !node.nullable;
