import { nodeRequirement } from "#pkg/api/core/node-selection.ts";
import { requirementMatches } from "#pkg/api/index.ts";
import type { NodeSelectorTerm } from "#pkg/api/types/core-v1.ts";
import type { NodeInfo } from "../node-info.ts";

/** One term of a node selector, compiled. An empty term matches no node. */
export interface CompiledTerm {
  matches(node: NodeInfo): boolean;
  /** The node names it allows, when it names any. */
  readonly names: ReadonlySet<string> | undefined;
}

export function compileTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): CompiledTerm {
  if (matchExpressions.length + matchFields.length === 0) return { matches: () => false, names: new Set() };
  const labels = matchExpressions.map(nodeRequirement);
  // metadata.name is the only field there is.
  const fields = matchFields.map(nodeRequirement);
  const named = matchFields.find(({ key, operator }) => key === "metadata.name" && operator === "In");
  return {
    names: named === undefined ? undefined : new Set(named.values),
    matches: (node) =>
      labels.every((requirement) => requirementMatches(requirement, node.labels)) &&
      fields.every((requirement) => requirementMatches(requirement, { "metadata.name": node.name })),
  };
}
