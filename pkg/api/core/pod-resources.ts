import { compareQuantities } from "../quantity.ts";
import type { Pod, ResourceRequirements } from "../types/core-v1.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";
const isZero = (amount: string): boolean => amount === "0" || compareQuantities(amount, "0") === 0;

/**
 * Guaranteed when every container has cpu and memory limits equal to its requests, BestEffort when none asks for
 * either. The pod's own resources, when set, speak for all its containers.
 */
export function qosClassOf(pod: Pod): QosClass {
  const spec = pod.spec;
  if (spec === undefined) return "BestEffort";
  const all: readonly (ResourceRequirements | undefined)[] =
    spec.resources !== undefined
      ? [spec.resources]
      : [...spec.containers, ...(spec.initContainers ?? [])].map((c) => c.resources);
  let asks = false;
  let guaranteed = true;
  for (const resources of all) {
    for (const name of ["cpu", "memory"]) {
      const request = resources?.requests?.[name];
      const limit = resources?.limits?.[name];
      const hasRequest = request !== undefined && !isZero(request);
      const hasLimit = limit !== undefined && !isZero(limit);
      if (hasRequest || hasLimit) asks = true;
      if (!hasLimit || (hasRequest && compareQuantities(request, limit) !== 0)) guaranteed = false;
    }
  }
  if (!asks) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}
