import type { RemoteResource } from "./types.ts";

const MAX_RESOURCES = 10_000;
type Json = Readonly<Record<string, unknown>>;

/**
 * A group version's APIResourceList as resources of aggregated discovery (apidiscovery.k8s.io/v2), as upstream converts
 * what extension servers answer. What is not of the right type is left out. @throws when it is no such list
 */
export function resourcesOfList(text: string): RemoteResource[] {
  const list = JSON.parse(text) as Json | null;
  if (list?.["kind"] !== "APIResourceList" || !Array.isArray(list["resources"])) throw new Error("no APIResourceList");
  const found = new Map<string, Record<string, unknown>>();
  const subresources = new Map<string, object[]>();
  for (const each of list["resources"].slice(0, MAX_RESOURCES) as (Json | null)[]) {
    const name = textOf(each?.["name"]);
    if (each === null || name === "") continue;
    const slash = name.indexOf("/");
    const responseKind = { group: textOf(each["group"]), version: textOf(each["version"]), kind: textOf(each["kind"]) };
    const verbs = textsOf(each["verbs"]);
    if (slash >= 0) {
      const parent = name.slice(0, slash);
      const entry = { subresource: name.slice(slash + 1), responseKind, verbs };
      const known = subresources.get(parent);
      if (known === undefined) subresources.set(parent, [entry]);
      else known.push(entry);
      continue;
    }
    const shortNames = textsOf(each["shortNames"]);
    const categories = textsOf(each["categories"]);
    found.set(name, {
      resource: name,
      responseKind,
      scope: each["namespaced"] === true ? "Namespaced" : "Cluster",
      singularResource: textOf(each["singularName"]),
      verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    });
  }
  for (const [parent, entries] of subresources) {
    const resource = found.get(parent);
    if (resource !== undefined) resource["subresources"] = entries;
  }
  return [...found.values()] as unknown as RemoteResource[];
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
