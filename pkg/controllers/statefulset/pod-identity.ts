import type { NewObject } from "#pkg/api/index.ts";
import { type ControllerRevision, type StatefulSet, statefulsets } from "#pkg/api/types/apps-v1.ts";
import type { PersistentVolumeClaim, Pod, Volume } from "#pkg/api/types/core-v1.ts";
import { REVISION_HASH, templateOf } from "../history/index.ts";
import { controllerRefTo } from "../objects/index.ts";
import { podFromTemplate } from "../pod-control.ts";

const POD_NAME = "statefulset.kubernetes.io/pod-name";
const POD_INDEX = "apps.kubernetes.io/pod-index";

export const podName = (set: StatefulSet, ordinal: number): string => `${set.metadata.name}-${ordinal}`;

/** The pod's ordinal; undefined for a pod that does not carry the set's name. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  if (!pod.metadata.name.startsWith(prefix)) return undefined;
  const rest = pod.metadata.name.slice(prefix.length);
  return /^(0|[1-9]\d*)$/.test(rest) ? Number(rest) : undefined;
}

export function revisionOf(pod: Pod): string | undefined {
  return pod.metadata.labels?.[REVISION_HASH];
}

/** The pod of an ordinal as the revision's template has it: its name, host name and claims never change. */
export function statefulPod(set: StatefulSet, ordinal: number, revision: ControllerRevision): NewObject<Pod> {
  const name = podName(set, ordinal);
  const pod = podFromTemplate(templateOf(revision), set, controllerRefTo(statefulsets, set), name);
  const claims = (set.spec.volumeClaimTemplates ?? []).map(
    ({ metadata }): Volume => ({
      name: metadata.name,
      persistentVolumeClaim: { claimName: claimName(metadata.name, name) },
    }),
  );
  const claimed = new Set(claims.map((volume) => volume.name));
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata.labels,
        [REVISION_HASH]: revision.metadata.name,
        [POD_NAME]: name,
        [POD_INDEX]: String(ordinal),
      },
    },
    spec: {
      ...pod.spec,
      hostname: name,
      ...(set.spec.serviceName === undefined || set.spec.serviceName === "" ? {} : { subdomain: set.spec.serviceName }),
      volumes: [...claims, ...(pod.spec.volumes ?? []).filter((volume) => !claimed.has(volume.name))],
    },
  };
}

const claimName = (template: string, pod: string): string => `${template}-${pod}`;

/** The claims an ordinal needs. They outlive the pod, and the set too unless its retention policy says otherwise. */
export function claimsOf(set: StatefulSet, ordinal: number): NewObject<PersistentVolumeClaim>[] {
  const whenDeleted = set.spec.persistentVolumeClaimRetentionPolicy?.whenDeleted;
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    ...template,
    metadata: {
      name: claimName(template.metadata.name, podName(set, ordinal)),
      namespace: set.metadata.namespace ?? "",
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      ...(template.metadata.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ...(whenDeleted === "Delete" ? { ownerReferences: [controllerRefTo(statefulsets, set)] } : {}),
    },
  }));
}
