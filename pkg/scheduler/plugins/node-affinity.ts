import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { NodeInfo } from "../node-info.ts";
import type { FilterPlugin, ScorePlugin } from "../types.ts";
import { type CompiledTerm, compileTerm } from "./node-selector-terms.ts";
import { scaleToMax } from "./normalize.ts";

const FAILURE = { reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true };

/** Whether a node has what spec.nodeSelector and required node affinity ask for; undefined when they ask nothing. */
export function requiredNodes({
  spec,
}: Pod):
  | { readonly matches: (node: NodeInfo) => boolean; readonly names: ReadonlySet<string> | undefined }
  | undefined {
  const labels = Object.entries(spec.nodeSelector ?? {});
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (labels.length === 0 && required === undefined) return undefined;
  const terms = required?.nodeSelectorTerms.map(compileTerm);
  return {
    names: namesOf(terms),
    matches: (node) =>
      labels.every(([key, value]) => node.labels[key] === value) &&
      (terms === undefined || terms.some((term) => term.matches(node))),
  };
}

/** Any term may hold, so names are known only when every term names some. */
function namesOf(terms: readonly CompiledTerm[] | undefined): ReadonlySet<string> | undefined {
  if (terms === undefined || terms.length === 0) return undefined;
  const all = new Set<string>();
  for (const { names } of terms) {
    if (names === undefined) return undefined;
    for (const name of names) all.add(name);
  }
  return all;
}

export const nodeAffinityFilter: FilterPlugin = {
  name: "NodeAffinity",
  retryOn: ["NodeAdd", "NodeLabel"],
  prepareFilter: ({ pod }) => {
    const required = requiredNodes(pod);
    if (required === undefined) return undefined;
    const filter = { check: (node: NodeInfo) => (required.matches(node) ? undefined : FAILURE) };
    return required.names === undefined ? { filter } : { filter, only: required.names };
  },
};

/** Adds up the weights of the preferred terms that a node matches. */
export const nodeAffinityScore: ScorePlugin = {
  name: "NodeAffinity",
  weight: 2,
  prepareScore: ({ pod }) => {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const terms = preferred.map(({ preference, weight }) => ({ term: compileTerm(preference), weight }));
    return {
      score: (node) => terms.reduce((sum, { term, weight }) => sum + (term.matches(node) ? weight : 0), 0),
      normalize: scaleToMax,
    };
  },
};
