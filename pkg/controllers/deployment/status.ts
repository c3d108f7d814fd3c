import type { Deployment, DeploymentCondition, DeploymentStatus, ReplicaSet } from "#pkg/api/types/apps-v1.ts";
import { findCondition, omitZero, removeCondition, setCondition, timestamp } from "../objects/index.ts";
import { desiredReplicas, fenceposts } from "./fenceposts.ts";
import { sumActual, sumAvailable, sumReady, sumSpec } from "./replica-sets.ts";

// A deadline of MaxInt32 means none (apps/v1 defaulting keeps it so).
const NO_DEADLINE = 2 ** 31 - 1;

export function hasProgressDeadline(d: Deployment): boolean {
  return d.spec.progressDeadlineSeconds !== undefined && d.spec.progressDeadlineSeconds !== NO_DEADLINE;
}

export function condition(
  type: string,
  status: "True" | "False" | "Unknown",
  reason: string,
  message: string,
  now: number,
): DeploymentCondition {
  return { type, status, reason, message, lastUpdateTime: timestamp(now), lastTransitionTime: timestamp(now) };
}

/** The counts and the Available condition; other conditions are carried over. */
export function calculateStatus(
  d: Deployment,
  all: readonly ReplicaSet[],
  newRs: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const available = sumAvailable(all);
  const { unavailable: maxUnavailable } = fenceposts(d);
  const enough = available >= desiredReplicas(d) - maxUnavailable;
  const terminating = all.reduce((sum, rs) => sum + (rs.status?.terminatingReplicas ?? 0), 0);
  const next = enough
    ? condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
    : condition(
        "Available",
        "False",
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
        now,
      );
  const status: DeploymentStatus = {
    observedGeneration: d.metadata.generation ?? 0,
    replicas: sumActual(all),
    updatedReplicas: newRs === undefined ? 0 : sumActual([newRs]),
    readyReplicas: sumReady(all),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sumSpec(all) - available),
    ...(all.some((rs) => rs.status?.terminatingReplicas !== undefined) ? { terminatingReplicas: terminating } : {}),
    ...(d.status?.collisionCount === undefined ? {} : { collisionCount: d.status.collisionCount }),
    conditions: setCondition(d.status?.conditions, next),
  };
  return omitZero(status, ["terminatingReplicas"]);
}

export function isComplete(d: Deployment, status: DeploymentStatus): boolean {
  const desired = desiredReplicas(d);
  return (
    (status.updatedReplicas ?? 0) === desired &&
    (status.replicas ?? 0) === desired &&
    (status.availableReplicas ?? 0) === desired &&
    (status.observedGeneration ?? 0) >= (d.metadata.generation ?? 0)
  );
}

function isProgressing(d: Deployment, next: DeploymentStatus): boolean {
  const count = (
    s: DeploymentStatus | undefined,
    key: "updatedReplicas" | "replicas" | "readyReplicas" | "availableReplicas",
  ): number => s?.[key] ?? 0;
  const old = (s: DeploymentStatus | undefined): number => count(s, "replicas") - count(s, "updatedReplicas");
  return (
    count(next, "updatedReplicas") > count(d.status, "updatedReplicas") ||
    old(next) < old(d.status) ||
    count(next, "readyReplicas") > count(d.status, "readyReplicas") ||
    count(next, "availableReplicas") > count(d.status, "availableReplicas")
  );
}

function hasTimedOut(d: Deployment, next: DeploymentStatus, now: number): boolean {
  const progressing = findCondition(next.conditions, "Progressing");
  if (!hasProgressDeadline(d) || progressing === undefined) return false;
  if (progressing.reason === "NewReplicaSetAvailable") return false;
  if (progressing.reason === "ProgressDeadlineExceeded") return true;
  return Date.parse(progressing.lastUpdateTime ?? "") + (d.spec.progressDeadlineSeconds ?? 0) * 1000 < now;
}

/** The status of a rollout: counts, Available, and where it stands (Progressing, ReplicaFailure). */
export function rolloutStatus(
  d: Deployment,
  all: readonly ReplicaSet[],
  newRs: ReplicaSet | undefined,
  now: number,
): DeploymentStatus {
  const next = calculateStatus(d, all, newRs, now);
  const subject = newRs === undefined ? `Deployment "${d.metadata.name}"` : `ReplicaSet "${newRs.metadata.name}"`;
  let conditions = next.conditions ?? [];
  if (!hasProgressDeadline(d)) conditions = removeCondition(conditions, "Progressing");

  const current = findCondition(d.status?.conditions, "Progressing");
  const wasComplete =
    (next.replicas ?? 0) === (next.updatedReplicas ?? 0) && current?.reason === "NewReplicaSetAvailable";
  if (hasProgressDeadline(d) && !wasComplete) {
    if (isComplete(d, next)) {
      const text = `${subject} has successfully progressed.`;
      conditions = setCondition(conditions, condition("Progressing", "True", "NewReplicaSetAvailable", text, now));
    } else if (isProgressing(d, next)) {
      const moved = condition("Progressing", "True", "ReplicaSetUpdated", `${subject} is progressing.`, now);
      // Replaced even when nothing but its time changed: that time is what the deadline counts from.
      const since = current?.status === "True" ? current.lastTransitionTime : undefined;
      conditions = [
        ...removeCondition(conditions, "Progressing"),
        since === undefined ? moved : { ...moved, lastTransitionTime: since },
      ];
    } else if (hasTimedOut(d, next, now)) {
      const text = `${subject} has timed out progressing.`;
      conditions = setCondition(conditions, condition("Progressing", "False", "ProgressDeadlineExceeded", text, now));
    }
  }
  const failure = replicaFailure(all, newRs);
  conditions =
    failure === undefined ? removeCondition(conditions, "ReplicaFailure") : setCondition(conditions, failure);
  return { ...next, conditions };
}

function replicaFailure(all: readonly ReplicaSet[], newRs: ReplicaSet | undefined): DeploymentCondition | undefined {
  for (const rs of newRs === undefined ? all : [newRs, ...all]) {
    const found = findCondition(rs.status?.conditions, "ReplicaFailure");
    if (found !== undefined) return { ...found, lastUpdateTime: found.lastTransitionTime ?? "" };
  }
  return undefined;
}

/** Milliseconds until the progress deadline can next matter; undefined when it cannot. */
export function nextDeadlineCheckMs(d: Deployment, next: DeploymentStatus, now: number): number | undefined {
  const current = findCondition(d.status?.conditions, "Progressing");
  if (!hasProgressDeadline(d) || current === undefined) return undefined;
  if (isComplete(d, next) || current.reason === "ProgressDeadlineExceeded") return undefined;
  const due = Date.parse(current.lastUpdateTime ?? "") + (d.spec.progressDeadlineSeconds ?? 0) * 1000;
  return Math.max(due - now, 0) + 1000;
}
