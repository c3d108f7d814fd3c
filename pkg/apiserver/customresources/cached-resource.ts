import type { CustomResourceDefinition } from "#pkg/api/types/apiextensions-v1.ts";
import type { CachedResource, DynamicResources } from "../cache/index.ts";
import { isTrue } from "./conditions.ts";

export const CRD_PREFIX = "apiextensions.k8s.io/customresourcedefinitions";

/** Where a CRD's objects are stored, whatever else is not decided yet. */
export function cachedResource({ spec }: CustomResourceDefinition): CachedResource {
  return { prefix: `${spec.group}/${spec.names.plural}`, namespaced: spec.scope === "Namespaced" };
}

/** For `Cache.open`: the objects of every CRD that was established. */
export const dynamicResources: DynamicResources = {
  prefix: CRD_PREFIX,
  resourceOf(object) {
    const crd = object as CustomResourceDefinition;
    return isTrue(crd, "Established") ? cachedResource(crd) : undefined;
  },
};
