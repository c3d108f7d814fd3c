import { strategyOf } from "../strategy-of.ts";
import type { Pod } from "../types/core-v1.ts";
import { podColumns } from "./pod-columns.ts";
import { podRowConditions } from "./pod-row-conditions.ts";
import { defaultPod } from "./pod-defaults.ts";
import { mergeLabelKeys } from "./pod-label-keys.ts";
import { qosClassOf } from "./pod-resources.ts";
import { annotationWarnings, hostnameWarnings, podSpecWarnings } from "./pod-warnings.ts";
import { validatePodUpdate } from "./pod-update-validation.ts";
import { validatePod, validatePodStatusUpdate } from "./pod-validation.ts";

const isOver = (pod: Pod): boolean => pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";

export const podStrategy = strategyOf<Pod>({
  generation: true,
  columns: podColumns,
  rowConditions: podRowConditions,
  defaults: defaultPod,
  prepareForCreate: (pod) => {
    mergeLabelKeys(pod);
    const gated = (pod.spec?.schedulingGates ?? []).length > 0;
    pod.status = {
      phase: "Pending",
      qosClass: qosClassOf(pod as Pod),
      ...(gated
        ? {
            conditions: [
              {
                type: "PodScheduled",
                status: "False",
                reason: "SchedulingGated",
                message: "Scheduling is blocked due to non-empty scheduling gates",
              },
            ],
          }
        : {}),
    };
  },
  prepareForUpdate: (pod, old) => {
    pod.status = structuredClone(old.status) as typeof pod.status;
  },
  prepareForStatusUpdate: (pod, old) => {
    pod.status ??= {};
    // What kind of service a pod gets is decided once; who does not know it leaves it out.
    if (!pod.status.qosClass && old.status?.qosClass !== undefined) pod.status.qosClass = old.status.qosClass;
    const { ownerReferences } = old.metadata;
    if (ownerReferences === undefined) delete pod.metadata.ownerReferences;
    else pod.metadata.ownerReferences = structuredClone(ownerReferences) as typeof pod.metadata.ownerReferences;
  },
  warnings: (pod, old) => [
    ...(old === undefined ? hostnameWarnings(pod.metadata.name, "the Pod's hostname") : []),
    ...podSpecWarnings("spec", pod.spec),
    ...annotationWarnings("metadata.annotations", pod.metadata.annotations),
  ],
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  /** Nothing runs yet on a pod without a node, or any more on one that is over: those go at once. */
  gracePeriodSeconds: (pod, requested) => {
    if (!pod.spec?.nodeName || isOver(pod)) return 0;
    const period = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    return period < 0 ? 1 : period;
  },
  selectableFields: {
    "spec.nodeName": (pod) => pod.spec?.nodeName ?? "",
    "spec.restartPolicy": (pod) => pod.spec?.restartPolicy ?? "",
    "spec.schedulerName": (pod) => pod.spec?.schedulerName ?? "",
    "spec.serviceAccountName": (pod) => pod.spec?.serviceAccountName ?? "",
    "spec.hostNetwork": (pod) => String(pod.spec?.hostNetwork ?? false),
    "status.phase": (pod) => pod.status?.phase ?? "",
    "status.podIP": (pod) => pod.status?.podIPs?.[0]?.ip ?? "",
    // A name that upstream knows and has no value for, and one of old.
    "status.podIPs": () => "",
    "spec.host": (pod) => pod.spec?.nodeName ?? "",
    "status.nominatedNodeName": (pod) => pod.status?.nominatedNodeName ?? "",
  },
});
