import type { LabelSelector, LabelSelectorRequirement } from "#pkg/api/types/meta-v1.ts";

type Labels = Readonly<Record<string, string>>;

/**
 * The test a LabelSelector stands for. No selector matches nothing, an empty one everything
 * (metav1.LabelSelectorAsSelector). Throws on an operator that does not exist.
 */
export function labelMatcher(selector: LabelSelector | undefined): (labels: Labels | undefined) => boolean {
  if (selector === undefined) return () => false;
  const equal = Object.entries(selector.matchLabels ?? {});
  const requirements = (selector.matchExpressions ?? []).map(requirement);
  return (labels = {}) =>
    equal.every(([key, value]) => labels[key] === value) && requirements.every((holds) => holds(labels));
}

function requirement({ key, operator, values = [] }: LabelSelectorRequirement): (labels: Labels) => boolean {
  switch (operator) {
    case "In":
      return (labels) => labels[key] !== undefined && values.includes(labels[key]);
    case "NotIn":
      return (labels) => labels[key] === undefined || !values.includes(labels[key]);
    case "Exists":
      return (labels) => labels[key] !== undefined;
    case "DoesNotExist":
      return (labels) => labels[key] === undefined;
    default:
      throw new Error(`"${operator}" is not a label selector operator`);
  }
}

/** The selector as list and watch parameters carry it: "a=b,c in (d,e),!f". Empty for an empty selector. */
export function formatLabelSelector(selector: LabelSelector): string {
  const parts = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    if (operator === "In") parts.push(`${key} in (${values.join(",")})`);
    else if (operator === "NotIn") parts.push(`${key} notin (${values.join(",")})`);
    else parts.push(operator === "Exists" ? key : `!${key}`);
  }
  return parts.sort().join(",");
}
