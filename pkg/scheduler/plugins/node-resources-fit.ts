import type { Amounts } from "../amounts.ts";
import type { NodeInfo } from "../node-info.ts";
import type { FilterPlugin, NodeFailure, ScorePlugin } from "../types.ts";
import { MAX_SCORE } from "../types.ts";

/** A node must have what the pod requests, and a free place for one more pod. */
export const nodeResourcesFit: FilterPlugin = {
  name: "NodeResourcesFit",
  retryOn: ["NodeAdd", "NodeAllocatable", "AssignedPodDelete", "AssignedPodScaledDown"],
  prepareFilter: ({ requests }) => ({ filter: { check: (node) => shortage(requests, node) } }),
};

function shortage(wants: Amounts, node: NodeInfo): NodeFailure | undefined {
  const { allocatable: has, requested: used } = node;
  const fits =
    node.pods.size < node.maxPods &&
    wants.milliCpu <= Math.max(0, has.milliCpu - used.milliCpu) &&
    wants.memoryBytes <= Math.max(0, has.memoryBytes - used.memoryBytes) &&
    wants.ephemeralStorageBytes <= Math.max(0, has.ephemeralStorageBytes - used.ephemeralStorageBytes) &&
    wants.scalars === undefined;
  return fits ? undefined : explain(wants, node);
}

function explain(wants: Amounts, node: NodeInfo): NodeFailure | undefined {
  const { allocatable: has, requested: used } = node;
  const reasons: string[] = [];
  let unresolvable = false;
  if (node.pods.size + 1 > node.maxPods) reasons.push("Too many pods");
  const check = (name: string, wanted: number, total: number, taken: number): void => {
    // A request of nothing fits even where more is taken than there is.
    if (wanted === 0 || wanted <= total - taken) return;
    reasons.push(`Insufficient ${name}`);
    unresolvable ||= wanted > total;
  };
  check("cpu", wants.milliCpu, has.milliCpu, used.milliCpu);
  check("memory", wants.memoryBytes, has.memoryBytes, used.memoryBytes);
  check("ephemeral-storage", wants.ephemeralStorageBytes, has.ephemeralStorageBytes, used.ephemeralStorageBytes);
  for (const [name, wanted] of wants.scalars ?? []) {
    check(name, wanted, has.scalars?.get(name) ?? 0, used.scalars?.get(name) ?? 0);
  }
  return reasons.length === 0 ? undefined : { reasons, unresolvable };
}

/** Prefers nodes with more left (LeastAllocated over cpu and memory, the default strategy of NodeResourcesFit). */
export const leastAllocated: ScorePlugin = {
  name: "NodeResourcesFit",
  weight: 1,
  prepareScore: ({ scoringRequests: wants }) => ({
    score: ({ allocatable: has, scoringRequested: used }) => {
      let sum = 0;
      let resources = 0;
      if (has.milliCpu > 0) {
        sum += freeShare(used.milliCpu + wants.milliCpu, has.milliCpu);
        resources++;
      }
      if (has.memoryBytes > 0) {
        sum += freeShare(used.memoryBytes + wants.memoryBytes, has.memoryBytes);
        resources++;
      }
      return resources === 0 ? 0 : Math.floor(sum / resources);
    },
  }),
};

const freeShare = (used: number, total: number): number =>
  used > total ? 0 : Math.floor(((total - used) * MAX_SCORE) / total);

/** Prefers nodes where cpu and memory would be used to similar degrees. */
export const balancedAllocation: ScorePlugin = {
  name: "NodeResourcesBalancedAllocation",
  weight: 1,
  prepareScore: ({ requests: wants }) => {
    // A pod that asks for nothing changes no balance.
    if (wants.milliCpu === 0 && wants.memoryBytes === 0) return undefined;
    return {
      score: ({ allocatable: has, requested: used }) => {
        if (has.milliCpu === 0 || has.memoryBytes === 0) return MAX_SCORE;
        const cpu = Math.min(1, (used.milliCpu + wants.milliCpu) / has.milliCpu);
        const memory = Math.min(1, (used.memoryBytes + wants.memoryBytes) / has.memoryBytes);
        return Math.floor((1 - Math.abs(cpu - memory) / 2) * MAX_SCORE);
      },
    };
  },
};
