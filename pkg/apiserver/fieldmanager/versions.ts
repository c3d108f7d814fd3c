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
export function convert(object: KubeObject, from: ResourceDefinition, to: ResourceDefinition): KubeObject {
  if (from === to) return object;
  const stored = from.storage.toStorage?.(object) ?? object;
  return to.storage.fromStorage?.(stored) ?? stored;
}
