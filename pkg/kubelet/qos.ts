import { type QosClass, qosClassOf as computed } from "#pkg/api/core/pod-resources.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";

export type { QosClass } from "#pkg/api/core/pod-resources.ts";

/** The pod's quality of service: what the API server decided when the pod was made, which never changes. */
export function qosClassOf(pod: Pod): QosClass {
  return (pod.status?.qosClass as QosClass | undefined) ?? computed(pod);
}
