import { type Labels, type Requirement, requirementMatches } from "../labels.ts";
import type { Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from "../types/core-v1.ts";

/** A requirement of a node selector as labels have them. */
export const nodeRequirement = ({ key, operator, values = [] }: NodeSelectorRequirement): Requirement => ({
  key,
  operator: operator as Requirement["operator"],
  values,
});

/** Whether the node meets nodeSelector and required node affinity. */
export function selectsNode({ nodeSelector = {}, affinity }: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (Object.entries(nodeSelector).some(([key, value]) => labels[key] !== value)) return false;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || required.nodeSelectorTerms.some((term) => termSelects(term, node));
}

function termSelects({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: Node): boolean {
  // A term without requirements matches no node.
  if (matchExpressions.length + matchFields.length === 0) return false;
  const hold = (requirements: readonly NodeSelectorRequirement[], of: Labels): boolean =>
    requirements.every((each) => requirementMatches(nodeRequirement(each), of));
  // metadata.name is the only field there is.
  return (
    hold(matchExpressions, node.metadata.labels ?? {}) && hold(matchFields, { "metadata.name": node.metadata.name })
  );
}
