import type { Node, Taint } from "#pkg/api/types/core-v1.ts";
import { findCondition, timestamp } from "../objects/index.ts";

export const NOT_READY = "node.kubernetes.io/not-ready";
export const UNREACHABLE = "node.kubernetes.io/unreachable";
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";

/** Condition type and status, and the taint that keeps new pods away meanwhile. */
const CONDITION_TAINTS: readonly (readonly [type: string, status: string, key: string])[] = [
  ["Ready", "False", NOT_READY],
  ["Ready", "Unknown", UNREACHABLE],
  ["MemoryPressure", "True", "node.kubernetes.io/memory-pressure"],
  ["DiskPressure", "True", "node.kubernetes.io/disk-pressure"],
  ["PIDPressure", "True", "node.kubernetes.io/pid-pressure"],
  ["NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"],
];
const CONDITION_KEYS = new Set([...CONDITION_TAINTS.map(([, , key]) => key), UNSCHEDULABLE]);

export type ReadyStatus = "True" | "False" | "Unknown";

export function readyStatus(node: Node): ReadyStatus {
  return (findCondition(node.status?.conditions, "Ready")?.status ?? "Unknown") as ReadyStatus;
}

/** The node's taints with those of effect NoSchedule that follow from its conditions and spec.unschedulable. */
export function withConditionTaints(node: Node, now: number): readonly Taint[] {
  const wanted = new Set<string>();
  for (const [type, status, key] of CONDITION_TAINTS) {
    if (findCondition(node.status?.conditions, type)?.status === status) wanted.add(key);
  }
  if (node.spec.unschedulable === true) wanted.add(UNSCHEDULABLE);
  return replaced(node, "NoSchedule", CONDITION_KEYS, wanted, now);
}

/** The node's taints with the one of effect NoExecute that its readiness calls for; none when `status` is True. */
export function withEvictionTaints(node: Node, status: ReadyStatus, now: number): readonly Taint[] {
  const wanted = status === "True" ? [] : [status === "False" ? NOT_READY : UNREACHABLE];
  return replaced(node, "NoExecute", new Set([NOT_READY, UNREACHABLE]), new Set(wanted), now);
}

/** Taints of `effect` among `managed` keys replaced by `wanted`; the same list when nothing changes. */
function replaced(
  node: Node,
  effect: string,
  managed: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
  now: number,
): readonly Taint[] {
  const taints = node.spec.taints ?? [];
  const kept = taints.filter((t) => t.effect !== effect || !managed.has(t.key) || wanted.has(t.key));
  const there = new Set(taints.filter((t) => t.effect === effect).map((t) => t.key));
  const added = [...wanted].filter((key) => !there.has(key));
  if (kept.length === taints.length && added.length === 0) return taints;
  return [...kept, ...added.map((key) => ({ key, effect, timeAdded: timestamp(now) }))];
}
