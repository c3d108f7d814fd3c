import type { Cache } from "./cache.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { NodeInfo } from "./node-info.ts";
import type { Nominator } from "./nominator.ts";
import type { PodInfo } from "./pod-info.ts";
import type { NodeFailure, NodeFilter, Plugins } from "./types.ts";

/** A filter prepared for the pod, with the plugin it came from. */
export interface PreparedFilter {
  readonly plugin: string;
  readonly filter: NodeFilter;
}

export type Selection =
  | { readonly node: string }
  | { readonly diagnosis: Diagnosis; readonly filters: readonly PreparedFilter[] };

/** Upstream's minFeasibleNodesToFind and the floor of the adaptive percentage. */
const MIN_NODES = 100;
const MIN_PERCENT = 5;

/** Finds the best node for a pod: the filters leave some, the scores rank them. */
export class NodeSelector {
  readonly #cache: Cache;
  readonly #nominator: Nominator;
  readonly #plugins: Plugins;
  readonly #random: () => number;
  /** Where the next search starts, so that all nodes get their turn in large clusters. */
  #start = 0;

  constructor(parts: {
    readonly cache: Cache;
    readonly nominator: Nominator;
    readonly plugins: Plugins;
    readonly random?: () => number;
  }) {
    this.#cache = parts.cache;
    this.#nominator = parts.nominator;
    this.#plugins = parts.plugins;
    this.#random = parts.random ?? Math.random;
  }

  select(pod: PodInfo): Selection {
    const { nodes } = this.#cache;
    const none = { nodeCount: nodes.length, failures: new Map(), skipped: undefined, rejected: undefined };
    if (nodes.length === 0) return { diagnosis: { ...none, rejectedBy: ANY_NODE }, filters: [] };
    const filters: PreparedFilter[] = [];
    const limiting: string[] = [];
    let only: ReadonlySet<string> | undefined;
    for (const plugin of this.#plugins.filters) {
      const prepared = plugin.prepareFilter(pod);
      if (prepared === undefined) continue;
      if ("rejected" in prepared) {
        const rejectedBy = new Set([plugin.name]);
        return { diagnosis: { ...none, rejected: prepared.rejected, rejectedBy }, filters: [] };
      }
      filters.push({ plugin: plugin.name, filter: prepared.filter });
      if (prepared.only !== undefined) {
        limiting.push(plugin.name);
        only = only === undefined ? prepared.only : intersection(only, prepared.only);
      }
    }
    const failures = new Map<string, { plugin: string; failure: NodeFailure }>();
    const feasible = this.#filter(pod, this.#candidates(pod, only), filters, failures, only !== undefined);
    const [first] = feasible;
    if (first !== undefined) return { node: feasible.length === 1 ? first.name : this.#best(pod, feasible) };
    const skippedCount = only === undefined ? 0 : nodes.length - failures.size;
    const skipped =
      skippedCount === 0
        ? undefined
        : { count: skippedCount, reason: `node(s) didn't satisfy plugin(s) [${limiting.join(" ")}]` };
    const rejectedBy = new Set([...failures.values()].map(({ plugin }) => plugin));
    if (skipped !== undefined) for (const plugin of limiting) rejectedBy.add(plugin);
    return { diagnosis: { ...none, failures, skipped, rejectedBy }, filters };
  }

  /** The nodes to look at, in turn. */
  #candidates(pod: PodInfo, only: ReadonlySet<string> | undefined): readonly NodeInfo[] {
    if (only !== undefined) return this.#known(only);
    // Preemption made room for the pod there: no need to look elsewhere first.
    const nominated = this.#nominator.nodeOf(pod.key);
    const info = nominated === undefined ? undefined : this.#cache.node(nominated);
    const { nodes } = this.#cache;
    return info === undefined ? nodes : [info, ...nodes.filter((other) => other !== info)];
  }

  #known(names: ReadonlySet<string>): readonly NodeInfo[] {
    const found: NodeInfo[] = [];
    for (const name of names) {
      const info = this.#cache.node(name);
      if (info !== undefined) found.push(info);
    }
    return found;
  }

  #filter(
    pod: PodInfo,
    nodes: readonly NodeInfo[],
    filters: readonly PreparedFilter[],
    failures: Map<string, { plugin: string; failure: NodeFailure }>,
    limited: boolean,
  ): NodeInfo[] {
    const wanted = enough(nodes.length);
    const nominated = this.#nominator.nodeOf(pod.key);
    const start = limited || nominated !== undefined ? 0 : this.#start % nodes.length;
    const feasible: NodeInfo[] = [];
    let looked = 0;
    for (; looked < nodes.length && feasible.length < wanted; looked++) {
      const node = nodes[(start + looked) % nodes.length] as NodeInfo;
      const failed = checkNode(pod, node, filters, this.#nominator);
      if (failed !== undefined) failures.set(node.name, failed);
      else if (node.name === nominated) return [node];
      else feasible.push(node);
    }
    if (!limited) this.#start = (start + looked) % nodes.length;
    return feasible;
  }

  /** One of the nodes with the highest weighted sum of scores. */
  #best(pod: PodInfo, nodes: readonly NodeInfo[]): string {
    const totals = nodes.map(() => 0);
    for (const plugin of this.#plugins.scores) {
      const prepared = plugin.prepareScore(pod, nodes);
      if (prepared === undefined) continue;
      const scores = nodes.map((node) => prepared.score(node));
      prepared.normalize?.(scores, nodes);
      for (let i = 0; i < nodes.length; i++) totals[i] = (totals[i] ?? 0) + plugin.weight * (scores[i] ?? 0);
    }
    let best = 0;
    let ties = 1;
    for (let i = 1; i < totals.length; i++) {
      const total = totals[i] as number;
      const most = totals[best] as number;
      if (total > most) {
        best = i;
        ties = 1;
      } else if (total === most && this.#random() * ++ties < 1) best = i;
    }
    return (nodes[best] as NodeInfo).name;
  }
}

/** An empty cluster rejects in the name of what a node would bring. */
const ANY_NODE: ReadonlySet<string> = new Set(["NodeResourcesFit"]);

/** How many feasible nodes are enough to choose from: all up to a hundred, then a falling share. */
function enough(count: number): number {
  if (count <= MIN_NODES) return count;
  const percent = Math.max(MIN_PERCENT, Math.floor(50 - count / 125));
  return Math.max(MIN_NODES, Math.floor((count * percent) / 100));
}

/** The first filter that rejects the node. Pods nominated to it count as there, and the node must also do without them. */
export function checkNode(
  pod: PodInfo,
  node: NodeInfo,
  filters: readonly PreparedFilter[],
  nominator: Nominator,
): { plugin: string; failure: NodeFailure } | undefined {
  const ahead = nominator.ahead(pod, node.name);
  if (ahead.length > 0) {
    const crowded = node.clone();
    for (const other of ahead) {
      crowded.addPod(other);
      for (const { filter } of filters) filter.addPod?.(other, crowded);
    }
    const failed = run(crowded, filters);
    for (const other of ahead) for (const { filter } of filters) filter.removePod?.(other, crowded);
    if (failed !== undefined) return failed;
  }
  return run(node, filters);
}

function run(node: NodeInfo, filters: readonly PreparedFilter[]): { plugin: string; failure: NodeFailure } | undefined {
  for (const { plugin, filter } of filters) {
    const failure = filter.check(node);
    if (failure !== undefined) return { plugin, failure };
  }
  return undefined;
}

const intersection = (a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> =>
  new Set([...a].filter((name) => b.has(name)));
