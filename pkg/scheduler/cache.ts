import type { Node, Pod } from "#pkg/api/types/core-v1.ts";
import { keyOf } from "#pkg/client/index.ts";
import type { QuantityReader } from "./amounts.ts";
import { hasAffinity, NodeInfo } from "./node-info.ts";
import type { PodInfo, PodInfoBuilder } from "./pod-info.ts";

const ZONE = "topology.kubernetes.io/zone";
const REGION = "topology.kubernetes.io/region";

/** Where an image is already. */
export interface ImageState {
  readonly sizeBytes: number;
  readonly nodes: ReadonlySet<string>;
}

/**
 * The cluster as the scheduler believes it to be: nodes, pods bound to them, and pods it has just placed (assumed) whose
 * binding the API server has not told of yet. Every change costs what it changes, never the size of the cluster.
 */
export class Cache {
  readonly #nodes = new Map<string, NodeInfo>();
  /** Node name of every pod here. */
  readonly #places = new Map<string, string>();
  readonly #assumed = new Set<string>();
  readonly #images = new Map<string, { sizeBytes: number; readonly nodes: Set<string> }>();
  readonly #quantities: QuantityReader;
  readonly #pods: PodInfoBuilder;
  #list: readonly NodeInfo[] | undefined;
  /** Nodes with pods of any affinity and of required anti-affinity. */
  readonly affinityNodes = new Set<NodeInfo>();
  readonly antiAffinityNodes = new Set<NodeInfo>();

  constructor(parts: { readonly quantities: QuantityReader; readonly pods: PodInfoBuilder }) {
    this.#quantities = parts.quantities;
    this.#pods = parts.pods;
  }

  /** All nodes, zones taking turns, so that looking at some of them looks at all zones. */
  get nodes(): readonly NodeInfo[] {
    this.#list ??= spreadOverZones([...this.#nodes.values()].filter((info) => info.node !== undefined));
    return this.#list;
  }

  node(name: string): NodeInfo | undefined {
    const info = this.#nodes.get(name);
    return info?.node === undefined ? undefined : info;
  }

  image(name: string): ImageState | undefined {
    return this.#images.get(name);
  }

  isAssumed(key: string): boolean {
    return this.#assumed.has(key);
  }

  setNode(node: Node): void {
    const info = this.#info(node.metadata.name);
    const before = info.node;
    if (before === undefined || zoneOf(before) !== zoneOf(node)) this.#list = undefined;
    if (before?.status?.images !== node.status?.images) this.#setImages(info.name, before, node);
    info.setNode(node, this.#quantities);
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name);
    if (info === undefined) return;
    this.#setImages(name, info.node, undefined);
    info.setNode(undefined, this.#quantities);
    this.#list = undefined;
    this.#drop(info);
  }

  /** A bound pod as the API server tells it; confirms an assumed one. */
  setPod(pod: Pod): void {
    const key = keyOf(pod);
    this.#assumed.delete(key);
    this.#place(this.#pods.build(pod), pod.spec.nodeName ?? "");
  }

  removePod(key: string): void {
    this.#assumed.delete(key);
    const place = this.#places.get(key);
    const info = place === undefined ? undefined : this.#nodes.get(place);
    if (info === undefined) return;
    this.#places.delete(key);
    info.removePod(key);
    this.#noteAffinity(info);
    this.#drop(info);
  }

  /** Counts a pod on a node before its binding is done. */
  assume(pod: PodInfo, nodeName: string): void {
    this.#assumed.add(pod.key);
    this.#place(pod, nodeName);
  }

  /** Takes an assumed pod back, unless the API server confirmed it. */
  forget(key: string): void {
    if (this.#assumed.has(key)) this.removePod(key);
  }

  #place(pod: PodInfo, nodeName: string): void {
    const place = this.#places.get(pod.key);
    const old = place === undefined ? undefined : this.#nodes.get(place);
    if (old !== undefined) {
      old.removePod(pod.key);
      if (old.name !== nodeName) {
        this.#noteAffinity(old);
        this.#drop(old);
      }
    }
    const info = this.#info(nodeName);
    info.addPod(pod);
    this.#places.set(pod.key, nodeName);
    if (hasAffinity(pod) || old === info) this.#noteAffinity(info);
  }

  #noteAffinity(info: NodeInfo): void {
    if (info.affinityPods.size > 0) this.affinityNodes.add(info);
    else this.affinityNodes.delete(info);
    if (info.antiAffinityPods.size > 0) this.antiAffinityNodes.add(info);
    else this.antiAffinityNodes.delete(info);
  }

  #info(name: string): NodeInfo {
    let info = this.#nodes.get(name);
    if (info === undefined) this.#nodes.set(name, (info = new NodeInfo(name)));
    return info;
  }

  /** Nodes are forgotten when they are gone and their last pod is. */
  #drop(info: NodeInfo): void {
    if (info.node === undefined && info.pods.size === 0) this.#nodes.delete(info.name);
  }

  #setImages(name: string, before: Node | undefined, after: Node | undefined): void {
    for (const image of before?.status?.images ?? []) {
      for (const tag of image.names ?? []) {
        const state = this.#images.get(tag);
        state?.nodes.delete(name);
        if (state?.nodes.size === 0) this.#images.delete(tag);
      }
    }
    for (const image of after?.status?.images ?? []) {
      for (const tag of image.names ?? []) {
        const state = this.#images.get(tag) ?? { sizeBytes: 0, nodes: new Set<string>() };
        state.sizeBytes = image.sizeBytes ?? 0;
        state.nodes.add(name);
        this.#images.set(tag, state);
      }
    }
  }
}

const zoneOf = ({ metadata: { labels } }: Node): string => `${labels?.[REGION] ?? ""}/${labels?.[ZONE] ?? ""}`;

function spreadOverZones(nodes: readonly NodeInfo[]): readonly NodeInfo[] {
  const zones = new Map<string, NodeInfo[]>();
  for (const info of nodes) {
    if (info.node === undefined) continue;
    const zone = zoneOf(info.node);
    const members = zones.get(zone);
    if (members === undefined) zones.set(zone, [info]);
    else members.push(info);
  }
  if (zones.size <= 1) return nodes;
  const spread: NodeInfo[] = [];
  for (let row = 0; spread.length < nodes.length; row++) {
    for (const members of zones.values()) {
      const info = members[row];
      if (info !== undefined) spread.push(info);
    }
  }
  return spread;
}
