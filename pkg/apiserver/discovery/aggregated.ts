import { sameItems } from "#pkg/api/equal.ts";
import type { ResourceDefinition, SubresourceDefinition } from "#pkg/api/index.ts";
import type { Group } from "./group-list.ts";
import { verbsOf } from "./resource-list.ts";

/** Versions of apidiscovery.k8s.io that clients ask for: v2, and v2beta1 up to 1.29. The shapes are the same. */
export type DiscoveryVersion = "v2" | "v2beta1";

/**
 * APIGroupDiscoveryList (KEP-3352): all resources of all groups in one document, as text. What one group version adds to it
 * is kept until its definitions change, so that a new CRD costs its own part and not everybody's.
 */
export class AggregatedDiscovery {
  readonly #parts = new Map<string, Part>();

  text(groups: readonly Group[], version: DiscoveryVersion): string {
    const items = groups.map((group) => {
      const versions = [...group.versions].map(([name, definitions]) => this.#versionText(group, name, definitions));
      const metadata = group.name === "" ? {} : { name: group.name };
      return `{"metadata":${JSON.stringify(metadata)},"versions":[${versions.join(",")}]}`;
    });
    const head = JSON.stringify({
      kind: "APIGroupDiscoveryList",
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
    });
    return `${head.slice(0, -1)},"items":[${items.join(",")}]}`;
  }

  /** Parts of group versions that are not among these. */
  forgetOthers(groups: readonly Group[]): void {
    const known = new Set(
      groups.flatMap(({ name, versions }) => [...versions.keys()].map((each) => `${name}/${each}`)),
    );
    for (const key of this.#parts.keys()) if (!known.has(key)) this.#parts.delete(key);
  }

  #versionText(group: Group, version: string, definitions: readonly ResourceDefinition[]): string {
    const remote = group.remote.get(version);
    if (remote !== undefined) {
      const { resources, freshness } = remote;
      return JSON.stringify({ version, resources, freshness });
    }
    const key = `${group.name}/${version}`;
    const before = this.#parts.get(key);
    if (before !== undefined && sameItems(before.madeFrom, definitions)) return before.text;
    const resources = definitions.toSorted((a, b) => (a.plural < b.plural ? -1 : 1)).map(resource);
    const text = JSON.stringify({ version, resources, freshness: "Current" });
    this.#parts.set(key, { madeFrom: definitions, text });
    return text;
  }
}

interface Part {
  readonly madeFrom: readonly ResourceDefinition[];
  readonly text: string;
}

function resource(definition: ResourceDefinition): object {
  const { group, version, plural, kind, namespaced, singular, shortNames, categories } = definition;
  // As upstream: custom resources name their group and version, built-in ones leave them to where they stand.
  const own = definition.decode === undefined ? { group: "", version: "" } : { group, version };
  const subresources = Object.entries(definition.subresources).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    resource: plural,
    responseKind: { ...own, kind },
    scope: namespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs: verbsOf(definition),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources: subresources.map((each) => subresource(each, own)) }),
  };
}

function subresource(
  [name, sub]: [string, SubresourceDefinition],
  own: { readonly group: string; readonly version: string },
): object {
  const { group = own.group, version = own.version, kind } = sub;
  return { subresource: name, responseKind: { group, version, kind }, verbs: sub.verbs };
}
