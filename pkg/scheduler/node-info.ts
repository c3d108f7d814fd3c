import type { Node, Taint } from "#pkg/api/types/core-v1.ts";
import { type Amounts, addAmounts, noAmounts, type QuantityReader } from "./amounts.ts";
import type { HostPort, PodInfo } from "./pod-info.ts";

const NONE: readonly never[] = [];

/** A node with the pods on it (bound or assumed), and their sums. */
export class NodeInfo {
  readonly name: string;
  /** Undefined while only its pods are known: nothing is placed there. */
  node: Node | undefined;
  allocatable: Amounts = noAmounts();
  maxPods = 0;
  labels: Readonly<Record<string, string>> = {};
  taints: readonly Taint[] = NONE;
  readonly pods = new Map<string, PodInfo>();
  /** Rises with every change of `pods`. */
  generation = 0;
  readonly requested: Amounts = noAmounts();
  readonly scoringRequested: Amounts = noAmounts();
  /** Pods with required anti-affinity, and with any pod (anti-)affinity: most clusters have few. */
  readonly antiAffinityPods = new Set<PodInfo>();
  readonly affinityPods = new Set<PodInfo>();
  readonly #ports = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  setNode(node: Node | undefined, quantities: QuantityReader): void {
    this.node = node;
    const allocatable = node?.status?.allocatable;
    this.allocatable = quantities.read(allocatable);
    const maxPods = allocatable?.["pods"];
    this.maxPods = maxPods === undefined ? 0 : quantities.amountOf("pods", maxPods);
    this.labels = node?.metadata.labels ?? {};
    this.taints = node?.spec?.taints ?? NONE;
  }

  addPod(pod: PodInfo): void {
    this.pods.set(pod.key, pod);
    this.#count(pod, 1);
    if (pod.requiredAntiAffinity.length > 0) this.antiAffinityPods.add(pod);
    if (hasAffinity(pod)) this.affinityPods.add(pod);
  }

  /** Returns the pod that was here under the key. */
  removePod(key: string): PodInfo | undefined {
    const pod = this.pods.get(key);
    if (pod === undefined) return undefined;
    this.pods.delete(key);
    this.#count(pod, -1);
    this.antiAffinityPods.delete(pod);
    this.affinityPods.delete(pod);
    return pod;
  }

  /** True when another pod here holds the port on the same or on all addresses. */
  isPortTaken({ ip, protocol, port }: HostPort): boolean {
    if (this.#ports.size === 0) return false;
    if (ip !== "0.0.0.0")
      return this.#ports.has(`${protocol}/${port}/${ip}`) || this.#ports.has(`${protocol}/${port}/0.0.0.0`);
    const prefix = `${protocol}/${port}/`;
    for (const taken of this.#ports.keys()) if (taken.startsWith(prefix)) return true;
    return false;
  }

  /** An independent copy for what-if questions. */
  clone(): NodeInfo {
    const copy = new NodeInfo(this.name);
    copy.node = this.node;
    copy.allocatable = this.allocatable;
    copy.maxPods = this.maxPods;
    copy.labels = this.labels;
    copy.taints = this.taints;
    for (const pod of this.pods.values()) copy.addPod(pod);
    return copy;
  }

  #count(pod: PodInfo, times: 1 | -1): void {
    this.generation++;
    addAmounts(this.requested, pod.requests, times);
    addAmounts(this.scoringRequested, pod.scoringRequests, times);
    for (const { ip, protocol, port } of pod.hostPorts) {
      const key = `${protocol}/${port}/${ip}`;
      const count = (this.#ports.get(key) ?? 0) + times;
      if (count > 0) this.#ports.set(key, count);
      else this.#ports.delete(key);
    }
  }
}

export const hasAffinity = (pod: PodInfo): boolean =>
  pod.requiredAffinity.length + pod.requiredAntiAffinity.length + pod.preferredAffinity.length > 0;
