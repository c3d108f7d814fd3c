import type { AffinityTerm } from "../affinity-term.ts";
import type { Cache } from "../cache.ts";
import type { NodeInfo } from "../node-info.ts";
import type { PodInfo } from "../pod-info.ts";
import { type FilterPlugin, MAX_SCORE, type NodeFilter, type ScorePlugin } from "../types.ts";

const AFFINITY = { reasons: ["node(s) didn't match pod affinity rules"], unresolvable: true };
const ANTI_AFFINITY = { reasons: ["node(s) didn't match pod anti-affinity rules"], unresolvable: false };
const EXISTING = { reasons: ["node(s) didn't satisfy existing pods anti-affinity rules"], unresolvable: false };

type Cluster = Pick<Cache, "nodes" | "affinityNodes" | "antiAffinityNodes">;

/** Pods per topology domain ("zone" and its value), for terms that look at other pods. */
class DomainCounts {
  readonly #counts = new Map<string, number>();

  add(key: string, value: string, times: number): void {
    const domain = `${key}\n${value}`;
    const count = (this.#counts.get(domain) ?? 0) + times;
    if (count === 0) this.#counts.delete(domain);
    else this.#counts.set(domain, count);
  }
  get(key: string, value: string): number {
    return this.#counts.get(`${key}\n${value}`) ?? 0;
  }
  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }
}

/** Required affinity and anti-affinity between pods, both of the new pod and of those that are there. */
export function interPodAffinityFilter(cluster: Cluster): FilterPlugin {
  return {
    name: "InterPodAffinity",
    retryOn: ["NodeAdd", "NodeLabel", "AssignedPodAdd", "AssignedPodDelete", "AssignedPodLabel", "Namespace"],
    prepareFilter: (pod) => {
      const filter = new AffinityFilter(pod);
      filter.countCluster(cluster);
      return filter.isIdle ? undefined : { filter };
    },
  };
}

class AffinityFilter implements NodeFilter {
  readonly #pod: PodInfo;
  readonly #affinity = new DomainCounts();
  readonly #antiAffinity = new DomainCounts();
  /** Domains that pods already there keep the new pod out of. */
  readonly #existing = new DomainCounts();

  constructor(pod: PodInfo) {
    this.#pod = pod;
  }

  get isIdle(): boolean {
    const { requiredAffinity, requiredAntiAffinity } = this.#pod;
    return requiredAffinity.length === 0 && requiredAntiAffinity.length === 0 && this.#existing.isEmpty;
  }

  countCluster(cluster: Cluster): void {
    for (const node of cluster.antiAffinityNodes) {
      for (const other of node.antiAffinityPods) this.#countExisting(other, node, 1);
    }
    const { requiredAffinity, requiredAntiAffinity } = this.#pod;
    if (requiredAffinity.length === 0 && requiredAntiAffinity.length === 0) return;
    for (const node of cluster.nodes) for (const other of node.pods.values()) this.#countOwn(other, node, 1);
  }

  addPod(pod: PodInfo, node: NodeInfo): void {
    this.#countExisting(pod, node, 1);
    this.#countOwn(pod, node, 1);
  }

  removePod(pod: PodInfo, node: NodeInfo): void {
    this.#countExisting(pod, node, -1);
    this.#countOwn(pod, node, -1);
  }

  check(node: NodeInfo) {
    if (!this.#satisfiesAffinity(node)) return AFFINITY;
    for (const { topologyKey } of this.#pod.requiredAntiAffinity) {
      const value = node.labels[topologyKey];
      if (value !== undefined && this.#antiAffinity.get(topologyKey, value) > 0) return ANTI_AFFINITY;
    }
    if (!this.#existing.isEmpty) {
      for (const key in node.labels) {
        if (this.#existing.get(key, node.labels[key] as string) > 0) return EXISTING;
      }
    }
    return undefined;
  }

  #satisfiesAffinity(node: NodeInfo): boolean {
    const { requiredAffinity, pod } = this.#pod;
    if (requiredAffinity.length === 0) return true;
    let all = true;
    for (const { topologyKey } of requiredAffinity) {
      const value = node.labels[topologyKey];
      if (value === undefined) return false;
      if (this.#affinity.get(topologyKey, value) <= 0) all = false;
    }
    // The first pod of a group that wants to be together has nobody to join yet.
    return all || (this.#affinity.isEmpty && requiredAffinity.every((term) => term.matches(pod)));
  }

  #countExisting(other: PodInfo, node: NodeInfo, times: number): void {
    for (const term of other.requiredAntiAffinity) {
      const value = node.labels[term.topologyKey];
      if (value !== undefined && term.matches(this.#pod.pod)) this.#existing.add(term.topologyKey, value, times);
    }
  }

  #countOwn(other: PodInfo, node: NodeInfo, times: number): void {
    const { requiredAffinity, requiredAntiAffinity } = this.#pod;
    // A pod counts for affinity only when all terms match it.
    if (requiredAffinity.length > 0 && requiredAffinity.every((term) => term.matches(other.pod))) {
      count(this.#affinity, requiredAffinity, node, times);
    }
    const matching = requiredAntiAffinity.filter((term) => term.matches(other.pod));
    count(this.#antiAffinity, matching, node, times);
  }
}

function count(counts: DomainCounts, terms: readonly AffinityTerm[], node: NodeInfo, times: number): void {
  for (const { topologyKey } of terms) {
    const value = node.labels[topologyKey];
    if (value !== undefined) counts.add(topologyKey, value, times);
  }
}

/** Upstream's hardPodAffinityWeight: required affinity of pods that are there attracts the new pod a little. */
const HARD_AFFINITY_WEIGHT = 1;

/** Preferred affinity and anti-affinity between pods, in both directions. */
export function interPodAffinityScore(cluster: Cluster): ScorePlugin {
  return {
    name: "InterPodAffinity",
    weight: 2,
    prepareScore: (pod) => {
      const counts = new DomainCounts();
      const add = (key: string, node: NodeInfo, weight: number): void => {
        const value = node.labels[key];
        if (value !== undefined) counts.add(key, value, weight);
      };
      for (const node of pod.preferredAffinity.length > 0 ? cluster.nodes : cluster.affinityNodes) {
        if (pod.preferredAffinity.length > 0) {
          for (const other of node.pods.values()) {
            for (const term of pod.preferredAffinity)
              if (term.matches(other.pod)) add(term.topologyKey, node, term.weight);
          }
        }
        for (const other of node.affinityPods) {
          for (const term of other.requiredAffinity) {
            if (term.matches(pod.pod)) add(term.topologyKey, node, HARD_AFFINITY_WEIGHT);
          }
          for (const term of other.preferredAffinity)
            if (term.matches(pod.pod)) add(term.topologyKey, node, term.weight);
        }
      }
      if (counts.isEmpty) return undefined;
      return {
        score: ({ labels }) => {
          let sum = 0;
          for (const key in labels) sum += counts.get(key, labels[key] as string);
          return sum;
        },
        normalize: spreadToMax,
      };
    },
  };
}

/** The lowest becomes 0 and the highest 100; sums may be negative. */
function spreadToMax(scores: number[]): void {
  const least = Math.min(...scores);
  const range = Math.max(...scores) - least;
  for (let i = 0; i < scores.length; i++) {
    scores[i] = range === 0 ? 0 : Math.floor((MAX_SCORE * ((scores[i] ?? 0) - least)) / range);
  }
}
