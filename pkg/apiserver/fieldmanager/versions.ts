import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import type { ResourceTable } from "../types.ts";

/** The same resource as another version of its API serves it; undefined when that version is not served (any more). */
export function versionOf(
  resources: ResourceTable,
  definition: ResourceDefinition,
  apiVersion: string,
): ResourceDefinition | undefined {
  if (apiVersion === apiVersionOf(definition)) return definition;
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const other = resources.find(group, apiVersion.slice(slash + 1), definition.plural);
  return other?.storage.prefix === definition.storage.prefix ? other : undefined;
}

/** The object of one version in another. */
export type Convert = (object: KubeObject, from: ResourceDefinition, to: ResourceDefinition) => KubeObject;

/**
 * Runs work that converts objects. It waits only where a webhook converts: the work is then begun again with what the
 * webhook answered. @throws what the webhook's call throws
 */
export function withConversions<R>(work: (convert: Convert) => R): R | Promise<R> {
  const conversions = new Conversions();
  try {
    return work(conversions.convert);
  } catch (err) {
    if (!(err instanceof ConversionNeeded)) throw err;
    return again(work, conversions, err);
  }
}

async function again<R>(work: (convert: Convert) => R, conversions: Conversions, first: ConversionNeeded): Promise<R> {
  let needed = first;
  for (;;) {
    await conversions.fetch(needed);
    try {
      return work(conversions.convert);
    } catch (err) {
      if (!(err instanceof ConversionNeeded)) throw err;
      needed = err;
    }
  }
}

class ConversionNeeded extends Error {
  readonly code = "CONVERSION_NEEDED";
  readonly key: string;
  readonly object: KubeObject;
  readonly from: ResourceDefinition;
  readonly apiVersion: string;

  constructor(key: string, object: KubeObject, from: ResourceDefinition, apiVersion: string) {
    super(`Not converted yet to ${apiVersion}`);
    this.name = "ConversionNeeded";
    this.key = key;
    this.object = object;
    this.from = from;
    this.apiVersion = apiVersion;
  }
}

class Conversions {
  readonly #known = new Map<string, KubeObject>();

  readonly convert: Convert = (object, from, to) => {
    if (from === to) return object;
    if (from.storage.convert === undefined) {
      const stored = from.storage.toStorage?.(object) ?? object;
      return to.storage.fromStorage?.(stored) ?? stored;
    }
    const apiVersion = apiVersionOf(to);
    const key = `${apiVersion} ${JSON.stringify(object)}`;
    const known = this.#known.get(key);
    if (known === undefined) throw new ConversionNeeded(key, object, from, apiVersion);
    return known;
  };

  async fetch({ key, object, from, apiVersion }: ConversionNeeded): Promise<void> {
    const [converted] = (await from.storage.convert?.([object], apiVersion)) ?? [];
    this.#known.set(key, converted ?? object);
  }
}
