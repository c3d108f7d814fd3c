import type { Container, Pod } from "#pkg/api/types/core-v1.ts";
import type { AnyContainer } from "../types.ts";
import { newest, type ObservedPod } from "./observed-pod.ts";

/** An init container that keeps running beside the pod's containers (KEP-753). */
export const isSidecar = (container: AnyContainer): boolean => container.restartPolicy === "Always";

/** Whether a container that ended with this exit code is started again: its own rules, its own policy, the pod's. */
export function restartsAfterExit(pod: Pod, container: AnyContainer, exitCode: number): boolean {
  const { restartPolicy = pod.spec.restartPolicy ?? "Always", restartPolicyRules = [] } = container as Container;
  for (const { action, exitCodes } of restartPolicyRules) {
    if (action !== "Restart" || exitCodes === undefined) continue;
    const listed = (exitCodes.values ?? []).includes(exitCode);
    if (exitCodes.operator === "In" ? listed : !listed) return true;
  }
  return restartPolicy === "Always" || (restartPolicy === "OnFailure" && exitCode !== 0);
}

/** Whether a container that does not run should be started at the next sync. */
export function shouldBeStarted(pod: Pod, container: AnyContainer, observed: ObservedPod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const status = newest(observed, container.name);
  if (status === undefined) return true;
  if (status.state === "running") return false;
  // Created but never started, or lost: neither ended by itself.
  if (status.state !== "exited") return true;
  return restartsAfterExit(pod, container, status.status.exitCode ?? 0);
}
