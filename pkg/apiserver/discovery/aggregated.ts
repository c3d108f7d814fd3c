import type { ResourceDefinition, SubresourceDefinition } from "#pkg/api/index.ts";
import type { Group } from "./group-list.ts";
import { verbsOf } from "./resource-list.ts";

/** Versions of apidiscovery.k8s.io that clients ask for: v2, and v2beta1 up to 1.29. The shapes are the same. */
export type DiscoveryVersion = "v2" | "v2beta1";

/** APIGroupDiscoveryList (KEP-3352): all resources of all groups in one document. */
export function aggregatedDiscovery(groups: readonly Group[], version: DiscoveryVersion): object {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group.name === "" ? {} : { name: group.name },
      versions: [...group.versions].map(([name, definitions]) => {
        const remote = group.remote.get(name);
        return {
          version: name,
          resources: remote?.resources ?? definitions.toSorted((a, b) => (a.plural < b.plural ? -1 : 1)).map(resource),
          freshness: remote?.freshness ?? "Current",
        };
      }),
    })),
  };
}

function resource(definition: ResourceDefinition): object {
  const { plural, kind, namespaced, singular, shortNames, categories } = definition;
  const subresources = Object.entries(definition.subresources).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    resource: plural,
    responseKind: { group: "", version: "", kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs: verbsOf(definition),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources: subresources.map(subresource) }),
  };
}

function subresource([name, sub]: [string, SubresourceDefinition]): object {
  return {
    subresource: name,
    responseKind: { group: sub.group ?? "", version: sub.version ?? "", kind: sub.kind },
    verbs: sub.verbs,
  };
}
