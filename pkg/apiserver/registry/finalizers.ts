import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";

export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

/** What still holds the object back from being removed. Kinds with a finalize subresource have a list in spec as well. */
export function finalizersLeft(definition: ResourceDefinition, object: KubeObject): readonly string[] {
  const own = object.metadata.finalizers ?? [];
  if (definition.subresources["finalize"] === undefined) return own;
  const { spec } = object as { spec?: { finalizers?: readonly string[] } };
  return [...own, ...(spec?.finalizers ?? [])];
}
