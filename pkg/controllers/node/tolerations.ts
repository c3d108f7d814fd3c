import { tolerates } from "#pkg/api/core/tolerations.ts";
import type { Node, Pod, Taint, Toleration } from "#pkg/api/types/core-v1.ts";

export function noExecuteTaints(node: Node): Taint[] {
  return (node.spec.taints ?? []).filter((taint) => taint.effect === "NoExecute");
}

/**
 * When the pod must go on account of NoExecute taints, in ms since the epoch: now or earlier for a taint it does not
 * tolerate, after the shortest tolerationSeconds else. Undefined when it may stay. Time counts from when each taint was
 * added, so that a restart does not start it anew.
 */
export function evictionTime(pod: Pod, taints: readonly Taint[], now: number): number | undefined {
  const all = pod.spec.tolerations ?? [];
  const used = new Set<Toleration>();
  let since = 0;
  for (const taint of taints) {
    const matching = all.filter((toleration) => tolerates(toleration, taint));
    if (matching.length === 0) return now;
    for (const toleration of matching) used.add(toleration);
    since = Math.max(since, taint.timeAdded === undefined ? now : Date.parse(taint.timeAdded));
  }
  const limits = [...used].flatMap((t) =>
    t.tolerationSeconds === undefined ? [] : [Math.max(0, t.tolerationSeconds)],
  );
  if (limits.length === 0) return undefined;
  return since + Math.min(...limits) * 1000;
}
