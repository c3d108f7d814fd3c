import { apiVersionOf, type ResourceDefinition } from "#pkg/api/index.ts";

/** One group with its versions, both in the order in which clients should prefer them. */
export interface Group {
  readonly name: string;
  readonly versions: ReadonlyMap<string, readonly ResourceDefinition[]>;
}

/** Groups and versions in the order in which the definitions name them first; core's name is "". */
export function groupsOf(definitions: readonly ResourceDefinition[]): Group[] {
  const groups = new Map<string, Map<string, ResourceDefinition[]>>();
  for (const definition of definitions) {
    const versions = groups.get(definition.group) ?? new Map<string, ResourceDefinition[]>();
    groups.set(definition.group, versions);
    const list = versions.get(definition.version);
    if (list === undefined) versions.set(definition.version, [definition]);
    else list.push(definition);
  }
  return [...groups].map(([name, versions]) => ({ name, versions }));
}

/** metav1.APIGroup without kind: an item of APIGroupList. */
export function apiGroup(group: Group): object {
  const versions = [...group.versions.keys()].map((version) => ({
    groupVersion: apiVersionOf({ group: group.name, version }),
    version,
  }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}
