import type { Selector } from "#pkg/api/index.ts";
import type { NodeInfo } from "../node-info.ts";

/** Selectors whose counts are remembered: about the workloads being scaled at the same time. */
const MAX_SELECTORS = 256;

type Counts = WeakMap<NodeInfo, { readonly generation: number; readonly count: number }>;

/**
 * How many running pods of a namespace a selector matches on each node. Pods of one workload ask the same question one
 * after the other, while only the node that got the last one has changed: counts are kept until the node's pods change.
 */
export class PodCounts {
  readonly #selectors = new Map<string, Counts>();

  /** A function for the nodes of one cycle. Pods that are ending do not count. */
  counter(namespace: string | undefined, selector: Selector): (node: NodeInfo) => number {
    const counts = this.#countsOf(`${namespace}\n${selector.empty}\n${selector.toString()}`);
    return (node) => {
      const known = counts.get(node);
      if (known?.generation === node.generation) return known.count;
      let count = 0;
      for (const { pod } of node.pods.values()) {
        const { metadata } = pod;
        if (
          metadata.namespace === namespace &&
          metadata.deletionTimestamp === undefined &&
          selector.matches(metadata.labels)
        ) {
          count++;
        }
      }
      counts.set(node, { generation: node.generation, count });
      return count;
    };
  }

  #countsOf(key: string): Counts {
    const known = this.#selectors.get(key);
    const counts: Counts = known ?? new WeakMap();
    this.#selectors.delete(key);
    this.#selectors.set(key, counts);
    if (this.#selectors.size > MAX_SELECTORS) {
      for (const oldest of this.#selectors.keys()) {
        this.#selectors.delete(oldest);
        break;
      }
    }
    return counts;
  }
}
