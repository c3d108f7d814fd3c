import { selectorOf } from "#pkg/api/index.ts";
import type { PodDisruptionBudget } from "#pkg/api/types/policy-v1.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Nominator } from "./nominator.ts";
import type { PodInfo } from "./pod-info.ts";
import { checkNode, type PreparedFilter } from "./select-node.ts";
import type { NodeFailure } from "./types.ts";

/** Pods whose end would make room on a node, most important first. */
export interface Victims {
  readonly node: string;
  readonly pods: readonly PodInfo[];
  /** How many of them a PodDisruptionBudget would keep. */
  readonly violations: number;
}

const NOBODY: NodeFailure = { reasons: ["No preemption victims found for incoming pod"], unresolvable: true };

/**
 * The least that must go from a node for the pod to fit: without all pods of lower priority it must fit, then as many as
 * possible come back, those that budgets protect first, then the more important ones.
 */
export function selectVictims(
  pod: PodInfo,
  node: NodeInfo,
  filters: readonly PreparedFilter[],
  nominator: Nominator,
  budgets: readonly PodDisruptionBudget[],
): Victims | NodeFailure {
  const lower = [...node.pods.values()].filter((other) => other.priority < pod.priority);
  if (lower.length === 0) return NOBODY;
  const trial = node.clone();
  const remove = (other: PodInfo): void => {
    trial.removePod(other.key);
    for (const { filter } of filters) filter.removePod?.(other, trial);
  };
  const add = (other: PodInfo): void => {
    trial.addPod(other);
    for (const { filter } of filters) filter.addPod?.(other, trial);
  };
  for (const other of lower) remove(other);
  const removed = new Set(lower);
  try {
    const failed = checkNode(pod, trial, filters, nominator);
    if (failed !== undefined) return failed.failure;
    lower.sort(moreImportant);
    const { violating, free } = byBudget(lower, budgets);
    let violations = 0;
    for (const other of [...violating, ...free]) {
      add(other);
      removed.delete(other);
      if (checkNode(pod, trial, filters, nominator) === undefined) continue;
      remove(other);
      removed.add(other);
      if (violating.has(other)) violations++;
    }
    return { node: node.name, pods: [...removed].sort(moreImportant), violations };
  } finally {
    // The filters are shared with the next node's trial.
    for (const other of removed) add(other);
  }
}

/** Higher priority first, then the longer running. */
function moreImportant(a: PodInfo, b: PodInfo): number {
  return b.priority - a.priority || (startTime(a) < startTime(b) ? -1 : 1);
}

/** RFC 3339 times compare as text; a pod that has not started is the youngest. */
export const startTime = ({ pod }: PodInfo): string => pod.status?.startTime ?? "9999";

/** Who goes against a budget if they went in this order, and who does not. */
function byBudget(
  pods: readonly PodInfo[],
  budgets: readonly PodDisruptionBudget[],
): { readonly violating: ReadonlySet<PodInfo>; readonly free: ReadonlySet<PodInfo> } {
  const rules = budgets.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    selector: selectorOf(spec?.selector),
    disrupted: status?.disruptedPods ?? {},
    allowed: status?.disruptionsAllowed ?? 0,
  }));
  const violating = new Set<PodInfo>();
  const free = new Set<PodInfo>();
  for (const info of pods) {
    const { namespace, labels, name } = info.pod.metadata;
    let violates = false;
    for (const rule of rules) {
      if (rule.namespace !== namespace || labels === undefined || !rule.selector.matches(labels)) continue;
      // Already on its way out: counted before.
      if (rule.disrupted[name] !== undefined) continue;
      if (--rule.allowed < 0) violates = true;
    }
    (violates ? violating : free).add(info);
  }
  return { violating, free };
}

/** The better of two ways to make room (upstream's pickOneNodeForPreemption). */
export function lessHarm(a: Victims, b: Victims): Victims {
  const keys = (v: Victims): readonly number[] => [
    v.violations,
    v.pods[0]?.priority ?? Number.NEGATIVE_INFINITY,
    // Priorities may be negative: many of them must not count as less than one.
    v.pods.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0),
    v.pods.length,
  ];
  const left = keys(a);
  const right = keys(b);
  for (const [i, value] of left.entries()) if (value !== right[i]) return value < (right[i] ?? 0) ? a : b;
  // Rather those that started last.
  return earliestTop(a) >= earliestTop(b) ? a : b;
}

function earliestTop({ pods }: Victims): string {
  const top = pods[0]?.priority;
  return pods
    .filter(({ priority }) => priority === top)
    .reduce((least, info) => {
      const time = startTime(info);
      return time < least ? time : least;
    }, "~");
}
