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

  /** Undefined when no plugin has to wait for anything. @throws the ApiError of the first that refuses, also at once */
  admit(attributes: AdmissionAttributes): Promise<void> | undefined {
    const { mutating } = this.#about(attributes.definition);
    const pass = new Pass();
    const ask = (plugin: AdmissionPlugin): void | Promise<void> => plugin.admit?.(attributes, pass);
    const again = (): Promise<void> | undefined => {
      if (!pass.isWanted) return undefined;
      pass.again = true;
      return inTurn(mutating, ask);
    };
    const waiting = inTurn(mutating, ask);
    return waiting === undefined ? again() : waiting.then(again);
  }

  /** What plugins count, in Prometheus' text form. */
  metrics(): string[] {
    return this.#plugins.flatMap((plugin) => plugin.metrics?.() ?? []);
  }

  /** As `admit`. */
  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    return inTurn(this.#about(attributes.definition).validating, (plugin) => plugin.validate?.(attributes));
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

class Pass implements AdmissionPass {
  again = false;
  isWanted = false;
  #notes: AdmissionPass["notes"] | undefined;

  get notes(): AdmissionPass["notes"] {
    return (this.#notes ??= new Map());
  }

  runAgain(): void {
    this.isWanted = true;
  }
}

/** One after the other. Most plugins have nothing to wait for, and then nobody does. */
function inTurn(
  plugins: readonly AdmissionPlugin[],
  call: (plugin: AdmissionPlugin) => void | Promise<void>,
): Promise<void> | undefined {
  for (let i = 0; i < plugins.length; i++) {
    const waiting = call(plugins[i] as AdmissionPlugin);
    if (waiting !== undefined) return theRest(waiting, plugins.slice(i + 1), call);
  }
  return undefined;
}

async function theRest(
  waiting: Promise<void>,
  plugins: readonly AdmissionPlugin[],
  call: (plugin: AdmissionPlugin) => void | Promise<void>,
): Promise<void> {
  await waiting;
  for (const plugin of plugins) await call(plugin);
}
