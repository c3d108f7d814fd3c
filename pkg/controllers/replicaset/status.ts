import type { ReplicaSet, ReplicaSetStatus } from "#pkg/api/types/apps-v1.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import {
  findCondition,
  isPodActive,
  isPodAvailable,
  isPodReady,
  isPodTerminating,
  labelsInclude,
  omitZero,
  removeCondition,
  setCondition,
  timestamp,
} from "../objects/index.ts";

/** The status that `pods` (all claimed ones) amount to; `failure` is why creating or deleting replicas failed. */
export function calculateStatus(
  rs: ReplicaSet,
  pods: readonly Pod[],
  failure: { readonly message: string } | undefined,
  now: number,
): ReplicaSetStatus {
  const templateLabels = rs.spec.template?.metadata?.labels ?? {};
  const minReady = rs.spec.minReadySeconds ?? 0;
  const active = pods.filter(isPodActive);
  const ready = active.filter(isPodReady);
  let conditions = rs.status?.conditions ?? [];
  if (failure === undefined) conditions = removeCondition(conditions, "ReplicaFailure");
  else if (findCondition(conditions, "ReplicaFailure") === undefined) {
    conditions = setCondition(conditions, {
      type: "ReplicaFailure",
      status: "True",
      reason: active.length < (rs.spec.replicas ?? 1) ? "FailedCreate" : "FailedDelete",
      message: failure.message,
      lastTransitionTime: timestamp(now),
    });
  }
  const counts: ReplicaSetStatus = {
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => labelsInclude(pod.metadata.labels, templateLabels)).length,
    readyReplicas: ready.length,
    availableReplicas: ready.filter((pod) => isPodAvailable(pod, minReady, now)).length,
    terminatingReplicas: pods.filter(isPodTerminating).length,
    observedGeneration: rs.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
  return omitZero(counts, ["replicas", "terminatingReplicas"]);
}

/** Milliseconds until the next ready pod becomes available; undefined when none is waiting. */
export function nextAvailableMs(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  if (minReadySeconds === 0) return undefined;
  let next: number | undefined;
  for (const pod of pods) {
    if (!isPodActive(pod) || !isPodReady(pod) || isPodAvailable(pod, minReadySeconds, now)) continue;
    const since = Date.parse(
      pod.status?.conditions?.find((c) => c.type === "Ready")?.lastTransitionTime ?? timestamp(now),
    );
    const wait = Math.max(since + minReadySeconds * 1000 - now, 0) + 1;
    next = Math.min(next ?? wait, wait);
  }
  return next;
}
