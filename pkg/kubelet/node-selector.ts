import type { Node, NodeSelectorRequirement, Pod } from "#pkg/api/types/core-v1.ts";

/** Whether the node meets the pod's nodeSelector and required node affinity. */
export function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  const { nodeSelector = {}, affinity } = pod.spec;
  if (Object.entries(nodeSelector).some(([key, value]) => labels[key] !== value)) return false;
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (terms === undefined) return true;
  return terms.some(({ matchExpressions = [], matchFields = [] }) => {
    // A term that asks for nothing matches nothing.
    if (matchExpressions.length + matchFields.length === 0) return false;
    const fields = { "metadata.name": node.metadata.name };
    return matchExpressions.every((r) => meets(r, labels)) && matchFields.every((r) => meets(r, fields));
  });
}

function meets({ key, operator, values = [] }: NodeSelectorRequirement, of: Readonly<Record<string, string>>): boolean {
  const value = of[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}
