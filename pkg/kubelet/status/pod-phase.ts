import type { ContainerStatus, Pod } from "#pkg/api/types/core-v1.ts";
import { isSidecar, restartsAfterExit } from "../runtime/restart-policy.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Unknown";

/**
 * The phase from container states (documentation page "Pod Lifecycle", "Pod phase").
 * `ended`: the pod is being ended for good, so that nothing is started again whatever the policy says.
 */
export function podPhase(
  pod: Pod,
  init: readonly ContainerStatus[],
  regular: readonly ContainerStatus[],
  ended: boolean,
): PodPhase {
  const initState = initProgress(pod, init);
  if (initState === "failed") return "Failed";
  const counts = { running: 0, waiting: 0, stopped: 0, succeeded: 0, unknown: 0, final: 0 };
  for (const container of pod.spec.containers) {
    const status = regular.find(({ name }) => name === container.name);
    const terminated = status?.state?.terminated;
    if (status?.state?.running !== undefined) {
      counts.running++;
    } else if (terminated !== undefined) {
      counts.stopped++;
      if (terminated.exitCode === 0) counts.succeeded++;
      if (!restartsAfterExit(pod, container, terminated.exitCode)) counts.final++;
    } else if (status?.state?.waiting !== undefined) {
      if (status.lastState?.terminated !== undefined) counts.stopped++;
      else counts.waiting++;
    } else {
      counts.unknown++;
    }
  }
  if (initState === "pending" && !(ended && counts.running === 0 && counts.stopped > 0)) {
    return "Pending";
  }
  if (counts.waiting > 0) return "Pending";
  if (counts.running > 0 && counts.unknown === 0) return "Running";
  if (counts.stopped > 0 && counts.unknown === 0) {
    const isFinal = ended || counts.final === counts.stopped;
    if (!isFinal) return "Running";
    return counts.stopped === counts.succeeded ? "Succeeded" : "Failed";
  }
  return "Pending";
}

function initProgress(pod: Pod, statuses: readonly ContainerStatus[]): "done" | "pending" | "failed" {
  let pending = false;
  for (const container of pod.spec.initContainers ?? []) {
    const status = statuses.find(({ name }) => name === container.name);
    const { running, terminated } = status?.state ?? {};
    const last = status?.lastState?.terminated;
    if (isSidecar(container)) {
      if (status === undefined || (running !== undefined && status.started !== true)) pending = true;
      else if (running === undefined && terminated === undefined && last === undefined) pending = true;
    } else if (terminated !== undefined) {
      if (terminated.exitCode === 0) continue;
      if (!restartsAfterExit(pod, container, terminated.exitCode)) return "failed";
      pending = true;
    } else if (running === undefined && last !== undefined && last.exitCode !== 0) {
      if (!restartsAfterExit(pod, container, last.exitCode)) return "failed";
      pending = true;
    } else {
      pending = true;
    }
  }
  return pending ? "pending" : "done";
}
