import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { DecoderCompiler, type Decode } from "#pkg/api/schema/decoder.ts";
import type { Definitions } from "#pkg/api/schema/schema.ts";
import type { ResourceTable } from "../types.ts";

/** False for resources whose answer is made from the request: reviews, bindings, component statuses. */
export const isStored = (definition: ResourceDefinition): boolean => definition.verbs.includes("watch");

/** The definitions by group, version and plural, and their decoders, compiled on first use. */
export class DefinitionTable implements ResourceTable {
  readonly #definitions: readonly ResourceDefinition[];
  readonly #byPath = new Map<string, ResourceDefinition>();
  readonly #compilers = new Map<Definitions, DecoderCompiler>();
  readonly #decoders = new Map<ResourceDefinition, Decode>();
  readonly generation = 1;

  constructor(definitions: readonly ResourceDefinition[]) {
    this.#definitions = definitions;
    for (const each of definitions) this.#byPath.set(`${each.group}/${each.version}/${each.plural}`, each);
  }

  find(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  all(): readonly ResourceDefinition[] {
    return this.#definitions;
  }

  decoder(definition: ResourceDefinition): Decode {
    let decode = this.#decoders.get(definition);
    if (decode === undefined) {
      decode = this.#compiler(definition.definitions).compile(definition.schema, definition.kind);
      this.#decoders.set(definition, decode);
    }
    return decode;
  }

  /** The decoder of a named built-in type, "io.k8s.api.policy.v1.Eviction". */
  builtinDecoder(name: string): Decode {
    const holder = this.#definitions.find((each) => each.definitions[name] !== undefined);
    if (holder === undefined) throw new Error(`No definition "${name}"`);
    return this.#compiler(holder.definitions).definition(name);
  }

  #compiler(definitions: Definitions): DecoderCompiler {
    let compiler = this.#compilers.get(definitions);
    if (compiler === undefined) this.#compilers.set(definitions, (compiler = new DecoderCompiler(definitions)));
    return compiler;
  }
}
