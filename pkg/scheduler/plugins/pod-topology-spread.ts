import type { Cache } from "../cache.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";
import { type FilterPlugin, MAX_SCORE, type NodeFilter, type ScorePlugin } from "../types.ts";
import type { PodCounts } from "./pod-counts.ts";
import {
  countsFor,
  defaultConstraints,
  HOSTNAME,
  type Owners,
  ownConstraints,
  type SpreadConstraint,
} from "./spread-constraints.ts";

const SKEW = { reasons: ["node(s) didn't match pod topology spread constraints"], unresolvable: false };
const NO_LABEL = {
  reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
  unresolvable: true,
};

type Cluster = Pick<Cache, "nodes">;

/** Constraints with DoNotSchedule: no topology domain may have more than maxSkew pods above the emptiest one. */
export function podTopologySpreadFilter(cluster: Cluster, counts: PodCounts): FilterPlugin {
  return {
    name: "PodTopologySpread",
    retryOn: ["NodeAdd", "NodeLabel", "NodeTaint", "AssignedPodAdd", "AssignedPodDelete", "AssignedPodLabel"],
    prepareFilter: (pod) => {
      const constraints = ownConstraints(pod.pod, "DoNotSchedule");
      return constraints.length === 0
        ? undefined
        : { filter: new SpreadFilter(pod, constraints, cluster.nodes, counts) };
    },
  };
}

class SpreadFilter implements NodeFilter {
  readonly #pod: PodInfo;
  readonly #constraints: readonly SpreadConstraint[];
  /** Per constraint, pods by topology value; domains without pods are there with 0. */
  readonly #counts: readonly Map<string, number>[];

  constructor(pod: PodInfo, constraints: readonly SpreadConstraint[], nodes: readonly NodeInfo[], counts: PodCounts) {
    this.#pod = pod;
    this.#constraints = constraints;
    this.#counts = constraints.map(() => new Map<string, number>());
    const counters = constraints.map(({ selector }) => counts.counter(pod.pod.metadata.namespace, selector));
    for (const node of nodes) {
      if (!constraints.every(({ topologyKey }) => node.labels[topologyKey] !== undefined)) continue;
      for (const [i, constraint] of constraints.entries()) {
        if (constraint.includes(node)) this.#add(i, node, counters[i]?.(node) ?? 0);
      }
    }
  }

  addPod(pod: PodInfo, node: NodeInfo): void {
    this.#change(pod, node, 1);
  }

  removePod(pod: PodInfo, node: NodeInfo): void {
    this.#change(pod, node, -1);
  }

  check(node: NodeInfo) {
    for (const [i, constraint] of this.#constraints.entries()) {
      const value = node.labels[constraint.topologyKey];
      if (value === undefined) return NO_LABEL;
      const counts = this.#counts[i] as Map<string, number>;
      const self = constraint.selector.matches(this.#pod.pod.metadata.labels) ? 1 : 0;
      // Too few domains count as one that is empty.
      const least = counts.size < constraint.minDomains ? 0 : Math.min(...counts.values());
      if ((counts.get(value) ?? 0) + self - (counts.size === 0 ? 0 : least) > constraint.maxSkew) return SKEW;
    }
    return undefined;
  }

  #change(pod: PodInfo, node: NodeInfo, times: 1 | -1): void {
    for (const [i, constraint] of this.#constraints.entries()) {
      if (!constraint.includes(node)) continue;
      if (countsFor(constraint, this.#pod.pod.metadata.namespace, pod.pod)) this.#add(i, node, times);
    }
  }

  #add(constraint: number, node: NodeInfo, pods: number): void {
    const value = node.labels[this.#constraints[constraint]?.topologyKey ?? ""];
    const counts = this.#counts[constraint];
    if (value !== undefined && counts !== undefined) counts.set(value, (counts.get(value) ?? 0) + pods);
  }
}

/** Constraints with ScheduleAnyway, or the system's own: prefers domains with fewer of the pod's kind. */
export function podTopologySpreadScore(cluster: Cluster, owners: Owners, counts: PodCounts): ScorePlugin {
  return {
    name: "PodTopologySpread",
    weight: 2,
    prepareScore: (pod, nodes) => {
      const own = pod.pod.spec.topologySpreadConstraints ?? [];
      const constraints =
        own.length > 0 ? ownConstraints(pod.pod, "ScheduleAnyway") : defaultConstraints(pod.pod, owners);
      return constraints.length === 0
        ? undefined
        : prepare(pod, constraints, nodes, { cluster, counts, requireLabels: own.length > 0 });
    },
  };
}

function prepare(
  pod: PodInfo,
  constraints: readonly SpreadConstraint[],
  nodes: readonly NodeInfo[],
  {
    cluster,
    counts,
    requireLabels,
  }: {
    readonly cluster: Cluster;
    readonly counts: PodCounts;
    /** Own constraints rank a node without the label last; the system's ignore the missing label. */
    readonly requireLabels: boolean;
  },
) {
  const counters = constraints.map(({ selector }) => counts.counter(pod.pod.metadata.namespace, selector));
  const ignored = new Set<string>();
  const domains = constraints.map(() => new Map<string, number>());
  for (const node of nodes) {
    if (requireLabels && constraints.some(({ topologyKey }) => node.labels[topologyKey] === undefined)) {
      ignored.add(node.name);
      continue;
    }
    for (const [i, { topologyKey }] of constraints.entries()) {
      const value = node.labels[topologyKey];
      if (topologyKey !== HOSTNAME && value !== undefined) domains[i]?.set(value, 0);
    }
  }
  for (const [i, constraint] of constraints.entries()) {
    const domain = domains[i] as Map<string, number>;
    if (domain.size === 0) continue;
    for (const node of cluster.nodes) {
      const value = node.labels[constraint.topologyKey] ?? "";
      const known = domain.get(value);
      if (known !== undefined && constraint.includes(node)) domain.set(value, known + (counters[i]?.(node) ?? 0));
    }
  }
  // The more domains, the less each one's count means (upstream's topologyNormalizingWeight).
  const weights = constraints.map(({ topologyKey }, i) =>
    Math.log((topologyKey === HOSTNAME ? nodes.length - ignored.size : (domains[i]?.size ?? 0)) + 2),
  );
  return {
    score: (node: NodeInfo): number => {
      if (ignored.has(node.name)) return 0;
      let sum = 0;
      for (const [i, constraint] of constraints.entries()) {
        const value = node.labels[constraint.topologyKey];
        if (value === undefined) continue;
        const count = constraint.topologyKey === HOSTNAME ? counters[i]?.(node) : domains[i]?.get(value);
        sum += (count ?? 0) * (weights[i] ?? 0) + constraint.maxSkew - 1;
      }
      return Math.round(sum);
    },
    normalize: (scores: number[], scored: readonly NodeInfo[]): void => {
      const counted = scores.filter((_, i) => !ignored.has(scored[i]?.name ?? ""));
      const most = Math.max(0, ...counted);
      const least = Math.min(...counted);
      for (const [i, score] of scores.entries()) {
        if (ignored.has(scored[i]?.name ?? "")) scores[i] = 0;
        else scores[i] = most === 0 ? MAX_SCORE : Math.floor((MAX_SCORE * (most + least - score)) / most);
      }
    },
  };
}
