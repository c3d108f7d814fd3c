import type { Pod } from "#pkg/api/types/core-v1.ts";
import { isPodReady, podCondition } from "../objects/index.ts";

const PHASES: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

/**
 * The `count` pods to delete first, in upstream's order: unassigned, pending, not ready, cheap by pod-deletion-cost,
 * crowded on their node, ready for a shorter time, restarted more often, younger. Ages are compared by magnitude (log2),
 * within which the uid decides, so that scaling down does not always hit the newest.
 * `related` are all active pods of the sets that share a controller; they make a node crowded.
 */
export function podsToDelete(pods: readonly Pod[], related: readonly Pod[], count: number, now: number): Pod[] {
  if (count >= pods.length) return [...pods];
  const onNode = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec.nodeName ?? "";
    if (node !== "") onNode.set(node, (onNode.get(node) ?? 0) + 1);
  }
  const ranked = pods.map((pod) => rank(pod, onNode));
  ranked.sort((a, b) => compare(a, b, now));
  return ranked.slice(0, count).map((r) => r.pod);
}

interface Ranked {
  readonly pod: Pod;
  /** Smaller goes first; compared left to right before the ages. */
  readonly keys: readonly number[];
  readonly ready: boolean;
  readonly readySince: number;
  readonly restarts: number;
  readonly created: number;
}

function rank(pod: Pod, onNode: ReadonlyMap<string, number>): Ranked {
  const ready = isPodReady(pod);
  const statuses = pod.status?.containerStatuses ?? [];
  return {
    pod,
    keys: [
      (pod.spec.nodeName ?? "") === "" ? 0 : 1,
      PHASES[pod.status?.phase ?? ""] ?? 0,
      ready ? 1 : 0,
      deletionCost(pod),
      -(onNode.get(pod.spec.nodeName ?? "") ?? 0),
    ],
    ready,
    readySince: Date.parse(podCondition(pod, "Ready")?.lastTransitionTime ?? ""),
    restarts: statuses.reduce((max, s) => Math.max(max, s.restartCount), 0),
    created: Date.parse(pod.metadata.creationTimestamp),
  };
}

function compare(a: Ranked, b: Ranked, now: number): number {
  for (let i = 0; i < a.keys.length; i++) {
    const difference = (a.keys[i] ?? 0) - (b.keys[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (a.ready && b.ready && a.readySince !== b.readySince) return byMagnitude(a, b, a.readySince, b.readySince, now);
  if (a.restarts !== b.restarts) return b.restarts - a.restarts;
  if (a.created !== b.created) return byMagnitude(a, b, a.created, b.created, now);
  return 0;
}

function byMagnitude(a: Ranked, b: Ranked, timeA: number, timeB: number, now: number): number {
  // An unknown time sorts as the youngest.
  if (Number.isNaN(timeA) || Number.isNaN(timeB)) return Number.isNaN(timeA) ? -1 : 1;
  const difference = magnitude(now - timeA) - magnitude(now - timeB);
  if (difference !== 0) return difference;
  return a.pod.metadata.uid < b.pod.metadata.uid ? -1 : 1;
}

const magnitude = (ms: number): number => (ms < 1 ? 0 : Math.floor(Math.log2(ms)));

function deletionCost(pod: Pod): number {
  const text = pod.metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? "0";
  return /^-?\d+$/.test(text) ? Number(text) : 0;
}
