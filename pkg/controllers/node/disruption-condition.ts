import type { Pod } from "#pkg/api/types/core-v1.ts";
import { podCondition, timestamp } from "../objects/index.ts";

/** The pod with the condition DisruptionTarget, which says that it did not fail by itself; the same pod if it has it. */
export function withDisruption(
  pod: Pod,
  why: { readonly reason: string; readonly message: string; readonly now: number },
): Pod {
  const current = podCondition(pod, "DisruptionTarget");
  if (current?.status === "True" && current.reason === why.reason) return pod;
  const others = (pod.status?.conditions ?? []).filter((c) => c.type !== "DisruptionTarget");
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: why.reason,
    message: why.message,
    lastTransitionTime: timestamp(why.now),
    ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
  };
  return { ...pod, status: { ...pod.status, conditions: [...others, condition] } };
}
