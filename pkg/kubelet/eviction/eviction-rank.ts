import type { Pod } from "#pkg/api/types/core-v1.ts";
import { podAmounts } from "../resources.ts";

export type Resource = "memory" | "ephemeral-storage";

export interface RankedPod {
  readonly pod: Pod;
  readonly usedBytes: number;
}

/** Pods of the system priority classes and static pods are never evicted. */
const systemCriticalPriority = 2_000_000_000;

export const isCritical = (pod: Pod): boolean => {
  const { annotations = {} } = pod.metadata;
  const isStatic = (annotations["kubernetes.io/config.source"] ?? "api") !== "api";
  return isStatic || (pod.spec.priority ?? 0) >= systemCriticalPriority;
};

/**
 * Who goes first (documentation page "Node-pressure Eviction"): those that use more than they requested, then by
 * priority, then by how much more.
 */
export function rankForEviction(pods: readonly RankedPod[], resource: Resource): readonly RankedPod[] {
  const excess = ({ pod, usedBytes }: RankedPod): number => usedBytes - (podAmounts(pod, "requests")[resource] ?? 0);
  return pods
    .filter(({ pod }) => !isCritical(pod))
    .toSorted(
      (a, b) =>
        Number(excess(b) > 0) - Number(excess(a) > 0) ||
        (a.pod.spec.priority ?? 0) - (b.pod.spec.priority ?? 0) ||
        excess(b) - excess(a),
    );
}
