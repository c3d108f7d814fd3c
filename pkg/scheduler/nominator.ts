import type { PodInfo } from "./pod-info.ts";

const NONE: readonly never[] = [];

/** Pods for which preemption made room: their node must not be filled up by others of no higher priority meanwhile. */
export class Nominator {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #places = new Map<string, string>();

  nominate(pod: PodInfo, nodeName: string): void {
    this.remove(pod.key);
    this.#places.set(pod.key, nodeName);
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) this.#byNode.set(nodeName, new Map([[pod.key, pod]]));
    else pods.set(pod.key, pod);
  }

  remove(key: string): void {
    const nodeName = this.#places.get(key);
    if (nodeName === undefined) return;
    this.#places.delete(key);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(key);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  nodeOf(key: string): string | undefined {
    return this.#places.get(key);
  }

  /** Others nominated to the node that `pod` has to leave room for. */
  ahead(pod: PodInfo, nodeName: string): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) return NONE;
    return [...pods.values()].filter((other) => other.key !== pod.key && other.priority >= pod.priority);
  }

  /** Pods nominated to the node with less priority than `pod`, which preempted them in turn. */
  below(pod: PodInfo, nodeName: string): readonly PodInfo[] {
    return [...(this.#byNode.get(nodeName)?.values() ?? NONE)].filter((other) => other.priority < pod.priority);
  }
}
