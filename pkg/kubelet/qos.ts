import type { Container, Pod, ResourceRequirements } from "#pkg/api/types/core-v1.ts";
import { quantityMilliValue } from "./quantity.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const COMPUTE = ["cpu", "memory"] as const;

/**
 * The pod's quality of service: Guaranteed when every container limits cpu and memory and requests as much,
 * BestEffort when nothing asks for anything. Resources of the pod itself, where set, decide alone.
 */
export function qosClassOf(pod: Pod): QosClass {
  if (pod.status?.qosClass !== undefined) return pod.status.qosClass as QosClass;
  const level = pod.spec.resources;
  const parts =
    level !== undefined && hasCompute(level)
      ? [level]
      : [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map(resourcesOf);
  if (!parts.some(hasCompute)) return "BestEffort";
  return parts.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

const resourcesOf = (container: Container): ResourceRequirements => container.resources ?? {};

function hasCompute(resources: ResourceRequirements): boolean {
  return COMPUTE.some(
    (name) => quantityMilliValue(resources.requests?.[name]) > 0 || quantityMilliValue(resources.limits?.[name]) > 0,
  );
}

function isGuaranteed(resources: ResourceRequirements): boolean {
  return COMPUTE.every((name) => {
    const limit = quantityMilliValue(resources.limits?.[name]);
    const request = resources.requests?.[name];
    return limit > 0 && (request === undefined || quantityMilliValue(request) === limit);
  });
}
