import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { DecoderCompiler, type Decode } from "#pkg/api/schema/decoder.ts";
import type { Definitions } from "#pkg/api/schema/schema.ts";
import type { ResourceTable } from "../types.ts";
import { compareVersions } from "./version-order.ts";

/** False for resources whose answer is made from the request: reviews, bindings, component statuses. */
export const isStored = (definition: ResourceDefinition): boolean => definition.verbs.includes("watch");

const pathOf = ({ group, version, plural }: ResourceDefinition): string => `${group}/${version}/${plural}`;

/**
 * The definitions by group, version and plural, and their decoders, compiled on first use. The built-in ones stay; those
 * of an owner (a CRD) come and go together, and never hide a built-in one.
 */
export class DefinitionTable implements ResourceTable {
  readonly #builtin: readonly ResourceDefinition[];
  readonly #builtinPaths: ReadonlySet<string>;
  readonly #owned = new Map<string, readonly ResourceDefinition[]>();
  readonly #byPath = new Map<string, ResourceDefinition>();
  /** Made again when first asked for after a change: 500 owners that come at once cost one sort. */
  #all: readonly ResourceDefinition[] | undefined;
  readonly #compilers = new WeakMap<Definitions, DecoderCompiler>();
  readonly #decoders = new WeakMap<ResourceDefinition, Decode>();
  readonly #listeners = new Set<() => void>();
  #generation = 1;

  constructor(builtin: readonly ResourceDefinition[]) {
    this.#builtin = builtin;
    this.#all = builtin;
    for (const each of builtin) this.#byPath.set(pathOf(each), each);
    this.#builtinPaths = new Set(this.#byPath.keys());
  }

  get generation(): number {
    return this.#generation;
  }

  find(group: string, version: string, plural: string): ResourceDefinition | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  all(): readonly ResourceDefinition[] {
    this.#all ??= [...this.#builtin, ...[...this.#owned.values()].flat().sort(byPreference)];
    return this.#all;
  }

  /** Everything that `owner` defines from now on. */
  set(owner: string, definitions: readonly ResourceDefinition[]): void {
    this.#forget(owner);
    const taken = definitions.filter((each) => !this.#builtinPaths.has(pathOf(each)));
    this.#owned.set(owner, taken);
    for (const each of taken) this.#byPath.set(pathOf(each), each);
    this.#changed();
  }

  remove(owner: string): void {
    if (this.#forget(owner)) this.#changed();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  decoder(definition: ResourceDefinition): Decode {
    if (definition.decode !== undefined) return definition.decode;
    let decode = this.#decoders.get(definition);
    if (decode === undefined) {
      decode = this.#compiler(definition.definitions).compile(definition.schema, definition.kind);
      this.#decoders.set(definition, decode);
    }
    return decode;
  }

  /** The decoder of a named built-in type, "io.k8s.api.policy.v1.Eviction". */
  builtinDecoder(name: string): Decode {
    const holder = this.#builtin.find((each) => each.definitions[name] !== undefined);
    if (holder === undefined) throw new Error(`No definition "${name}"`);
    return this.#compiler(holder.definitions).definition(name);
  }

  #forget(owner: string): boolean {
    for (const each of this.#owned.get(owner) ?? []) this.#byPath.delete(pathOf(each));
    return this.#owned.delete(owner);
  }

  #changed(): void {
    this.#all = undefined;
    this.#generation++;
    for (const listener of this.#listeners) listener();
  }

  #compiler(definitions: Definitions): DecoderCompiler {
    let compiler = this.#compilers.get(definitions);
    if (compiler === undefined) this.#compilers.set(definitions, (compiler = new DecoderCompiler(definitions)));
    return compiler;
  }
}

function byPreference(a: ResourceDefinition, b: ResourceDefinition): number {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1;
  return compareVersions(a.version, b.version) || (a.plural < b.plural ? -1 : 1);
}
