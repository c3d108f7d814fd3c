import { type Requirement, type Selector, selectorFrom, selectorOf } from "#pkg/api/index.ts";
import type { Pod, PodAffinityTerm } from "#pkg/api/types/core-v1.ts";

/** A pod (anti-)affinity term, ready to be matched. */
export interface AffinityTerm {
  readonly topologyKey: string;
  matches(pod: Pod): boolean;
}

export interface WeightedAffinityTerm extends AffinityTerm {
  readonly weight: number;
}

/** Labels of a namespace, undefined when it is not (yet) known. */
export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined;

/** The terms of `owner` compiled. Without namespaces and selector a term is about the owner's own namespace. */
export function affinityTerm(term: PodAffinityTerm, owner: Pod, namespaceLabels: NamespaceLabels): AffinityTerm {
  const own = term.namespaceSelector === undefined && (term.namespaces ?? []).length === 0;
  const namespaces = new Set(own ? [owner.metadata.namespace ?? ""] : term.namespaces);
  const inNamespaces = term.namespaceSelector === undefined ? undefined : selectorOf(term.namespaceSelector);
  const selector = withLabelKeys(selectorOf(term.labelSelector), owner, term.matchLabelKeys, term.mismatchLabelKeys);
  return {
    topologyKey: term.topologyKey,
    matches: (pod) => {
      const namespace = pod.metadata.namespace ?? "";
      const meant = namespaces.has(namespace) || inNamespaces?.matches(namespaceLabels(namespace)) === true;
      return meant && selector.matches(pod.metadata.labels);
    },
  };
}

/** KEP-3633: narrows a selector to pods with the same (or other) values of the owner's labels. */
export function withLabelKeys(
  selector: Selector,
  owner: Pod,
  match: readonly string[] | undefined,
  mismatch?: readonly string[],
): Selector {
  const added: Requirement[] = [];
  const add = (keys: readonly string[] | undefined, operator: Requirement["operator"]): void => {
    for (const key of keys ?? []) {
      const value = owner.metadata.labels?.[key];
      if (value !== undefined) added.push({ key, operator, values: [value] });
    }
  };
  add(match, "In");
  add(mismatch, "NotIn");
  return added.length === 0 ? selector : selectorFrom([...selector.requirements, ...added]);
}
