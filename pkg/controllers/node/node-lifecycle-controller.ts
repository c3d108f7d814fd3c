import { type Lease, leases } from "#pkg/api/types/coordination-v1.ts";
import { type Node, nodes, type Pod, pods, type Taint } from "#pkg/api/types/core-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import { allSynced, type ControllerParts, periodically, QueueController } from "../controller.ts";
import { addNodeIndex, podsOnNode } from "../informer-indexes.ts";
import { isPodReady, semanticEqual, timestamp } from "../objects/index.ts";
import { type HealthOptions, NodeHealth, silentConditions } from "./node-health.ts";
import { NOT_READY, readyStatus, UNREACHABLE, withConditionTaints, withEvictionTaints } from "./taints.ts";
import { ZoneLimiter, zoneOf, zoneRates } from "./zone-limits.ts";

export interface NodeLifecycleOptions extends HealthOptions {
  readonly monitorPeriodMs: number;
}
export const NODE_LIFECYCLE_DEFAULTS: NodeLifecycleOptions = {
  gracePeriodMs: 40_000,
  startupGracePeriodMs: 60_000,
  monitorPeriodMs: 5_000,
};

/**
 * Notices nodes that fell silent, and says by taints what a node's conditions mean for its pods. Reads nodes, leases,
 * pods; writes node status and taints, and that pods on dead nodes are not ready.
 */
export class NodeLifecycleController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #options: NodeLifecycleOptions;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  readonly #pods: Informer<Pod>;
  readonly #health: NodeHealth;
  readonly #limiter = new ZoneLimiter();

  constructor(parts: ControllerParts, options: NodeLifecycleOptions) {
    const nodeInformer = parts.informers.informer(nodes);
    const leaseInformer = parts.informers.informer(leases, { namespace: "kube-node-lease" });
    const podInformer = parts.informers.informer(pods);
    super({
      name: "node-lifecycle",
      informers: [nodeInformer, leaseInformer, podInformer],
      log: parts.log,
      sync: (key) => this.#syncConditionTaints(key),
    });
    this.#parts = parts;
    this.#options = options;
    this.#nodes = nodeInformer;
    this.#leases = leaseInformer;
    this.#pods = podInformer;
    this.#health = new NodeHealth(options);
    addNodeIndex(podInformer);
    nodeInformer.addHandler({
      add: (node) => {
        this.queue.add(node.metadata.name);
        this.#tell(
          node,
          "RegisteredNode",
          `Node ${node.metadata.name} event: Registered Node ${node.metadata.name} in Controller`,
        );
      },
      update: (node) => this.queue.add(node.metadata.name),
      delete: (node) => {
        this.#health.forget(node.metadata.name);
        this.#tell(
          node,
          "RemovingNode",
          `Node ${node.metadata.name} event: Removing Node ${node.metadata.name} from Controller`,
        );
      },
    });
  }

  override async start(signal: AbortSignal): Promise<void> {
    if (!(await allSynced([this.#nodes, this.#leases, this.#pods], signal))) return;
    await Promise.all([
      super.start(signal),
      periodically(() => this.#monitor(), {
        name: this.name,
        intervalMs: this.#options.monitorPeriodMs,
        log: this.#parts.log,
        signal,
      }),
    ]);
  }

  async #syncConditionTaints(name: string): Promise<void> {
    const node = this.#nodes.lister.get({ name });
    if (node !== undefined) await this.#writeTaints(node, withConditionTaints(node, this.#parts.now()));
  }

  /** One look at every node, as often as --node-monitor-period. */
  async #monitor(): Promise<void> {
    const checked: Node[] = [];
    for (const node of this.#nodes.lister.list()) {
      try {
        checked.push(await this.#check(node));
      } catch (err) {
        // The next look sees the newer object.
        if (!isConflict(err) && !isNotFound(err)) throw err;
      }
    }
    await this.#taintForEviction(checked);
  }

  async #check(node: Node): Promise<Node> {
    const now = this.#parts.now();
    const lease = this.#leases.lister.get({ namespace: "kube-node-lease", name: node.metadata.name });
    let current = node;
    if (this.#health.isSilent(node, lease, now)) {
      const conditions = silentConditions(node, now);
      if (!semanticEqual(conditions, node.status?.conditions)) {
        current = await this.#parts.client.updateStatus(nodes, { ...node, status: { ...node.status, conditions } });
        if (readyStatus(node) === "True") {
          const text = `Node ${node.metadata.name} status is now: NodeNotReady`;
          this.#tell(node, "NodeNotReady", text);
        }
      }
    }
    if (readyStatus(current) !== "True") await this.#markPodsNotReady(current.metadata.name);
    return current;
  }

  async #taintForEviction(all: readonly Node[]): Promise<void> {
    const now = this.#parts.now();
    const { stopped, rates } = zoneRates(all);
    for (const node of all) {
      const status = stopped ? "True" : readyStatus(node);
      const wanted = withEvictionTaints(node, status, now);
      if (semanticEqual(wanted, node.spec.taints)) continue;
      const adds = wanted.some(isReadinessTaint) && !(node.spec.taints ?? []).some(isReadinessTaint);
      const zone = zoneOf(node);
      const rate = rates.get(zone) ?? 0;
      if (adds && !this.#limiter.isOpen(zone, rate, now)) continue;
      if ((await this.#writeTaints(node, wanted)) && adds) this.#limiter.take(zone, rate, now);
    }
  }

  async #writeTaints(node: Node, taints: readonly Taint[]): Promise<boolean> {
    if (semanticEqual(taints, node.spec.taints)) return false;
    try {
      await this.#parts.client.update(nodes, { ...node, spec: { ...node.spec, taints } });
      return true;
    } catch (err) {
      // Its kubelet wrote meanwhile: that news comes as an event and at the next look.
      if (!isConflict(err) && !isNotFound(err)) throw err;
      return false;
    }
  }

  /** Services must not send anything to pods of which nobody knows whether they live. */
  async #markPodsNotReady(node: string): Promise<void> {
    for (const pod of podsOnNode(this.#pods, node)) {
      if (!isPodReady(pod)) continue;
      const now = timestamp(this.#parts.now());
      const conditions = (pod.status?.conditions ?? []).map((c) =>
        c.type === "Ready" ? { ...c, status: "False", lastTransitionTime: now } : c,
      );
      try {
        await this.#parts.client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } });
      } catch (err) {
        if (!isConflict(err) && !isNotFound(err)) throw err;
      }
      this.#parts.recorder.event({ resource: pods, object: pod }, "Warning", "NodeNotReady", "Node is not ready");
    }
  }

  #tell(node: Node, reason: string, message: string): void {
    this.#parts.recorder.event({ resource: nodes, object: node }, "Normal", reason, message);
  }
}

function isReadinessTaint(taint: Taint): boolean {
  return taint.effect === "NoExecute" && (taint.key === NOT_READY || taint.key === UNREACHABLE);
}
