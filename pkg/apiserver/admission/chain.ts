import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { AdmissionAttributes, AdmissionPass, AdmissionPlugin } from "../types.ts";

/** Those of the plugins that are about one resource. */
interface Plugins {
  readonly mutating: readonly AdmissionPlugin[];
  readonly validating: readonly AdmissionPlugin[];
}

/** The plugins in order: all that change the object, and, after validation, all that only judge it. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];
  readonly #byDefinition = new WeakMap<ResourceDefinition, Plugins>();

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  /** @throws the ApiError of the first plugin that refuses */
  async admit(attributes: AdmissionAttributes): Promise<void> {
    const { mutating } = this.#about(attributes.definition);
    let wanted = false;
    const first: AdmissionPass = { again: false, notes: new Map(), runAgain: () => (wanted = true) };
    await run(mutating, attributes, first);
    if (wanted) await run(mutating, attributes, { ...first, again: true });
  }

  /** What plugins count, in Prometheus' text form. */
  metrics(): string[] {
    return this.#plugins.flatMap((plugin) => plugin.metrics?.() ?? []);
  }

  /** @throws the ApiError of the first plugin that refuses */
  async validate(attributes: AdmissionAttributes): Promise<void> {
    for (const plugin of this.#about(attributes.definition).validating) {
      const waiting = plugin.validate?.(attributes);
      if (waiting !== undefined) await waiting;
    }
  }

  #about(definition: ResourceDefinition): Plugins {
    let plugins = this.#byDefinition.get(definition);
    if (plugins !== undefined) return plugins;
    const { group, plural } = definition;
    const resource = group === "" ? plural : `${group}/${plural}`;
    const about = this.#plugins.filter((plugin) => plugin.resources?.includes(resource) !== false);
    plugins = {
      mutating: about.filter((plugin) => plugin.admit !== undefined),
      validating: about.filter((plugin) => plugin.validate !== undefined),
    };
    this.#byDefinition.set(definition, plugins);
    return plugins;
  }
}

/** Most plugins have nothing to wait for, and then nobody does. */
async function run(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
  pass: AdmissionPass,
): Promise<void> {
  for (const plugin of plugins) {
    const waiting = plugin.admit?.(attributes, pass);
    if (waiting !== undefined) await waiting;
  }
}
