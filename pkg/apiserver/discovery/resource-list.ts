import { storageVersionHash } from "#pkg/api/storage-version-hash.ts";
import { apiVersionOf, type ResourceDefinition } from "#pkg/api/index.ts";

/** An entry of metav1.APIResourceList; group and version are named where they differ from the list's. */
export interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly storageVersionHash?: string;
}

/** metav1.APIResourceList of one group version. As upstream, core's carries no apiVersion. */
export function resourceList(group: string, version: string, definitions: readonly ResourceDefinition[]): object {
  const resources = definitions.flatMap(resourcesOf);
  resources.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    kind: "APIResourceList",
    ...(group === "" ? {} : { apiVersion: "v1" }),
    groupVersion: apiVersionOf({ group, version }),
    resources,
  };
}

/** The resource itself, then its subresources. */
function resourcesOf(definition: ResourceDefinition): ApiResource[] {
  const { plural, singular, namespaced, kind, shortNames, categories } = definition;
  const hash = hashOf(definition);
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs: verbsOf(definition),
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
      ...(hash === undefined ? {} : { storageVersionHash: hash }),
    },
    ...Object.entries(definition.subresources).map(([name, sub]) => ({
      name: `${plural}/${name}`,
      singularName: "",
      namespaced,
      ...(sub.group === undefined ? {} : { group: sub.group, version: sub.version ?? "" }),
      kind: sub.kind,
      verbs: sub.verbs,
    })),
  ];
}

/** As upstream: where nothing new is created, what changes objects is still allowed but no longer said. */
export function verbsOf({ terminating, verbs }: ResourceDefinition): readonly string[] {
  return terminating === true ? verbs.filter((verb) => !WRITES.has(verb)) : verbs;
}

const WRITES: ReadonlySet<string> = new Set(["create", "patch", "update"]);

/**
 * Says in which version a resource is stored, without saying it: clients only compare it. Only what can be watched is
 * stored. Computed as upstream does, so that both say the same of one resource.
 */
function hashOf(definition: ResourceDefinition): string | undefined {
  if (definition.storageVersionHash !== undefined) return definition.storageVersionHash;
  if (!definition.verbs.includes("watch")) return undefined;
  const stored = definition.storage.apiVersion;
  const [group, version] = stored.includes("/") ? (stored.split("/") as [string, string]) : ["", stored];
  return storageVersionHash({ group, version, kind: definition.kind });
}
