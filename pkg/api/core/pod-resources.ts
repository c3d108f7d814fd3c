import { addQuantities, compareQuantities, type ResourceList } from "../quantity.ts";
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

/** Containers run together, init containers one after the other: the larger of both (KEP-753 adds sidecars). */
export function podTotal(pod: Pod, field: "requests" | "limits"): Record<string, string> {
  const own = pod.spec?.resources?.[field] ?? {};
  const sum: Record<string, string> = {};
  const add = (into: Record<string, string>, amounts: ResourceList | undefined): void => {
    for (const [name, amount] of Object.entries(amounts ?? {})) into[name] = addQuantities(into[name], amount);
  };
  for (const c of pod.spec?.containers ?? []) add(sum, c.resources?.[field]);
  const sidecars: Record<string, string> = {};
  const peak: Record<string, string> = {};
  for (const c of pod.spec?.initContainers ?? []) {
    if (c.restartPolicy === "Always") {
      add(sidecars, c.resources?.[field]);
      continue;
    }
    for (const [name, amount] of Object.entries(c.resources?.[field] ?? {})) {
      const during = addQuantities(sidecars[name], amount);
      if (peak[name] === undefined || compareQuantities(during, peak[name]) > 0) peak[name] = during;
    }
  }
  add(sum, sidecars);
  for (const [name, amount] of Object.entries(peak)) {
    if (sum[name] === undefined || compareQuantities(amount, sum[name]) > 0) sum[name] = amount;
  }
  return { ...sum, ...own };
}
