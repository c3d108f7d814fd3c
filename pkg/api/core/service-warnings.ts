import type { Service } from "../types/core-v1.ts";

/** Upstream's GetWarningsForService: what is old, and what has no effect. */
export function serviceWarnings({ metadata, spec }: Service): string[] {
  const found: string[] = [];
  if (metadata.annotations?.["service.kubernetes.io/topology-aware-hints"] !== undefined) {
    found.push(
      "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
    );
  }
  const external = (spec.externalIPs ?? []).length > 0;
  if (spec.clusterIPs?.[0] === "None" && spec.type !== "ExternalName") {
    if (spec.loadBalancerIP) found.push('spec.loadBalancerIP is ignored when spec.clusterIP is "None"');
    if (external) found.push('spec.externalIPs is ignored when spec.clusterIP is "None"');
    if (spec.sessionAffinity !== "None") found.push('spec.SessionAffinity is ignored when spec.clusterIP is "None"');
  }
  if (spec.type === "ExternalName" && external) {
    found.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  }
  return found;
}
