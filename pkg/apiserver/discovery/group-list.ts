import { apiVersionOf, type ResourceDefinition } from "#pkg/api/index.ts";
import type { RemoteGroups, RemoteGroupVersion } from "./remote.ts";

/** One group with its versions, both in the order in which clients should prefer them. */
export interface Group {
  readonly name: string;
  readonly versions: ReadonlyMap<string, readonly ResourceDefinition[]>;
  /** Those of the versions that another server answers; they have no definitions. */
  readonly remote: ReadonlyMap<string, RemoteGroupVersion>;
}

/** Served by whoever keeps the order of the others: it stands before them, as upstream. */
const FIRST_GROUP = "apiregistration.k8s.io";

/**
 * Groups and versions in the order of `remote`, else that in which the definitions name them first; core's name is "".
 * What another server answers hides definitions of the same group version.
 */
export function groupsOf(definitions: readonly ResourceDefinition[], remote?: RemoteGroups): Group[] {
  const groups = new Map<string, Map<string, ResourceDefinition[]>>();
  for (const definition of definitions) {
    const versions = groups.get(definition.group) ?? new Map<string, ResourceDefinition[]>();
    groups.set(definition.group, versions);
    const list = versions.get(definition.version);
    if (list === undefined) versions.set(definition.version, [definition]);
    else list.push(definition);
  }
  const elsewhere = new Map<string, Map<string, RemoteGroupVersion>>();
  for (const each of remote?.list() ?? []) {
    const versions = groups.get(each.group) ?? new Map<string, ResourceDefinition[]>();
    groups.set(each.group, versions);
    versions.set(each.version, []);
    const others = elsewhere.get(each.group) ?? new Map<string, RemoteGroupVersion>();
    elsewhere.set(each.group, others);
    others.set(each.version, each);
  }
  const found = [...groups].map(([name, versions]): Group => ({ name, versions, remote: elsewhere.get(name) ?? NONE }));
  return remote === undefined ? found : inOrder(found, remote.order());
}

const NONE: ReadonlyMap<string, RemoteGroupVersion> = new Map();

function inOrder(groups: readonly Group[], order: readonly string[]): Group[] {
  const places = new Map(order.map((groupVersion, at) => [groupVersion, at]));
  const place = (group: string, version: string): number => places.get(`${group}/${version}`) ?? order.length;
  const groupPlace = ({ name, versions }: Group): number =>
    name === FIRST_GROUP ? -1 : Math.min(...[...versions.keys()].map((version) => place(name, version)));
  return groups
    .map((group) => ({
      ...group,
      versions: new Map([...group.versions].sort(([a], [b]) => place(group.name, a) - place(group.name, b))),
    }))
    .sort((a, b) => groupPlace(a) - groupPlace(b));
}

/** metav1.APIGroup without kind: an item of APIGroupList. */
export function apiGroup(group: Group): object {
  const versions = [...group.versions.keys()].map((version) => ({
    groupVersion: apiVersionOf({ group: group.name, version }),
    version,
  }));
  return { name: group.name, versions, preferredVersion: versions[0] };
}
