import type { Mutable } from "../resource-ref.ts";
import type { Pod } from "../types/core-v1.ts";
import type { LabelSelector } from "../types/meta-v1.ts";

interface Term {
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
  labelSelector?: Mutable<LabelSelector>;
}

/**
 * A new pod's own values of the keys that its affinity terms and spread constraints name become part of their selectors
 * (KEP-3633, KEP-3243).
 */
export function mergeLabelKeys(pod: Mutable<Pod>): void {
  const { affinity, topologySpreadConstraints } = pod.spec ?? {};
  for (const side of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    for (const term of side?.requiredDuringSchedulingIgnoredDuringExecution ?? []) merge(term as Term, pod);
    for (const { podAffinityTerm } of side?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (podAffinityTerm !== undefined) merge(podAffinityTerm as Term, pod);
    }
  }
  for (const constraint of topologySpreadConstraints ?? []) merge(constraint as Term, pod);
}

function merge(term: Term, pod: Mutable<Pod>): void {
  const { labelSelector } = term;
  if (labelSelector === undefined) return;
  for (const [keys, operator] of [
    [term.matchLabelKeys, "In"],
    [term.mismatchLabelKeys, "NotIn"],
  ] as const) {
    for (const key of keys ?? []) {
      const value = pod.metadata.labels?.[key];
      if (value !== undefined) (labelSelector.matchExpressions ??= []).push({ key, operator, values: [value] });
    }
  }
}
