import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { Definitions } from "#pkg/api/schema/schema.ts";
import { FieldTypeCompiler, type MapType } from "./field-type.ts";

/** What of an object a write can change: all but status, status and metadata, or anything. */
export type Part = "main" | "status" | "all";

const MAIN_KEEPS = (field: string): boolean => field === "status";
const STATUS_KEEPS = (field: string): boolean => field !== "status" && field !== "metadata";
const ALL = (): boolean => false;
const UNOWNED = { main: MAIN_KEEPS, status: STATUS_KEEPS, all: ALL };

/** Kinds of CustomResourceDefinitions are not among the definitions that their schemas refer to. */
export const isBuiltin = ({ definitions, definitionName }: ResourceDefinition): boolean =>
  definitions[definitionName] !== undefined;

/** The compiled types of definitions, made on first use and gone with their definition. */
export class FieldTypes {
  readonly #compilers = new WeakMap<Definitions, FieldTypeCompiler>();
  readonly #types = new WeakMap<ResourceDefinition, Partial<Record<Part, MapType>>>();

  of(definition: ResourceDefinition, part: Part): MapType {
    let types = this.#types.get(definition);
    if (types === undefined) this.#types.set(definition, (types = {}));
    return (types[part] ??= this.#compile(definition, part));
  }

  #compile(definition: ResourceDefinition, part: Part): MapType {
    const { schema, definitions } = definition;
    let compiler = this.#compilers.get(definitions);
    if (compiler === undefined) this.#compilers.set(definitions, (compiler = new FieldTypeCompiler(definitions)));
    return compiler.object(schema, isBuiltin(definition), UNOWNED[part]);
  }
}
