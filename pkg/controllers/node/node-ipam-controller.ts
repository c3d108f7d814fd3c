import { type Node, nodes } from "#pkg/api/types/core-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { allSynced, type ControllerParts, QueueController } from "../controller.ts";
import { CidrSet } from "./cidr-set.ts";

export interface NodeIpamOptions {
  /** One network, or one of each family: ["10.42.0.0/16", "fd00:42::/56"]. */
  readonly clusterCidrs: readonly string[];
  /** 24 when absent. */
  readonly nodeMaskSizeV4?: number;
  /** 64 when absent. */
  readonly nodeMaskSizeV6?: number;
}

/** Gives every node its part of the cluster's pod networks. What nodes have is read back from them after a restart. */
export class NodeIpamController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #nodes: Informer<Node>;
  readonly #sets: readonly CidrSet[];
  /** What was given to a node, also before the informer shows it. */
  readonly #given = new Map<string, readonly string[]>();

  constructor(parts: ControllerParts, options: NodeIpamOptions) {
    const informer = parts.informers.informer(nodes);
    // One worker: two nodes at the same time could get the same part.
    super({ name: "node-ipam", informers: [informer], log: parts.log, workers: 1, sync: (key) => this.#sync(key) });
    this.#parts = parts;
    this.#nodes = informer;
    this.#sets = options.clusterCidrs.map(
      (cidr) => new CidrSet(cidr, cidr.includes(":") ? (options.nodeMaskSizeV6 ?? 64) : (options.nodeMaskSizeV4 ?? 24)),
    );
    const enqueue = (node: Node): void => this.queue.add(node.metadata.name);
    informer.addHandler({ add: enqueue, update: enqueue, delete: enqueue });
  }

  override async start(signal: AbortSignal): Promise<void> {
    if (!(await allSynced([this.#nodes], signal))) return;
    // All that is taken, before anything is given.
    for (const node of this.#nodes.lister.values()) this.#occupy(node);
    await super.start(signal);
  }

  async #sync(name: string): Promise<void> {
    const node = this.#nodes.lister.get({ name });
    if (node === undefined) {
      this.#release(name);
      return;
    }
    if (cidrsOf(node).length > 0) {
      this.#occupy(node);
      return;
    }
    const known = this.#given.get(name);
    const given = known ?? this.#allocate(node);
    if (given === undefined) throw new Error(`Cannot give node "${name}" a pod CIDR: none is free`);
    this.#given.set(name, given);
    try {
      await this.#parts.client.patch(nodes, { name }, "application/strategic-merge-patch+json", {
        spec: { podCIDR: given[0], podCIDRs: given },
      });
    } catch (err) {
      if (!isNotFound(err)) throw err;
      this.#release(name);
    }
  }

  #allocate(node: Node): readonly string[] | undefined {
    const parts: string[] = [];
    for (const set of this.#sets) {
      const cidr = set.allocate();
      if (cidr === undefined) {
        parts.forEach((taken, i) => this.#sets[i]?.release(taken));
        const text = `Node ${node.metadata.name} status is now: CIDRNotAvailable`;
        this.#parts.recorder.event({ resource: nodes, object: node }, "Normal", "CIDRNotAvailable", text);
        return undefined;
      }
      parts.push(cidr);
    }
    return parts;
  }

  #occupy(node: Node): void {
    const name = node.metadata.name;
    const have = cidrsOf(node);
    if (have.length === 0) return;
    // Somebody else gave it another one than we were about to.
    if (this.#given.get(name)?.join() !== have.join()) this.#release(name);
    for (const cidr of have) {
      if (!this.#sets.some((set) => set.occupy(cidr))) {
        this.#parts.log.warn("node has a pod CIDR outside of the cluster's", { node: name, cidr });
      }
    }
    this.#given.set(name, have);
  }

  #release(name: string): void {
    for (const cidr of this.#given.get(name) ?? []) for (const set of this.#sets) set.release(cidr);
    this.#given.delete(name);
  }
}

function cidrsOf(node: Node): readonly string[] {
  const { podCIDR, podCIDRs = [] } = node.spec;
  if (podCIDRs.length > 0) return podCIDRs;
  return podCIDR === undefined || podCIDR === "" ? [] : [podCIDR];
}
