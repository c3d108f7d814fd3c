import { type Node, nodes, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { allSynced, type Controller, type ControllerParts, periodically } from "../controller.ts";
import { addNodeIndex, podsOnNode } from "../informer-indexes.ts";
import { isPodFinished } from "../objects/index.ts";
import { withDisruption } from "./disruption-condition.ts";
import { readyStatus } from "./taints.ts";

export interface PodGcOptions {
  readonly intervalMs: number;
  /** Finished pods beyond this many are deleted, oldest first; 0 keeps all. */
  readonly terminatedThreshold: number;
  /** A node must be missing this long before its pods are. */
  readonly quarantineMs: number;
}
export const POD_GC_DEFAULTS: PodGcOptions = { intervalMs: 20_000, terminatedThreshold: 12_500, quarantineMs: 40_000 };

const OUT_OF_SERVICE = "node.kubernetes.io/out-of-service";

/** Removes pods that nobody else will: of nodes that are gone, ended before they were placed, or finished long ago. */
export class PodGcController implements Controller {
  readonly name = "pod-garbage-collector";
  readonly #parts: ControllerParts;
  readonly #options: PodGcOptions;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** When each missing node was first missed. */
  readonly #missing = new Map<string, number>();

  constructor(parts: ControllerParts, options: PodGcOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#nodes = parts.informers.informer(nodes);
    this.#pods = parts.informers.informer(pods);
    addNodeIndex(this.#pods);
  }

  async start(signal: AbortSignal): Promise<void> {
    if (!(await allSynced([this.#nodes, this.#pods], signal))) return;
    const { log } = this.#parts;
    await periodically(() => this.#pass(), { name: this.name, intervalMs: this.#options.intervalMs, log, signal });
  }

  async #pass(): Promise<void> {
    const finished: Pod[] = [];
    const nodesOfPods = new Set<string>();
    for (const pod of this.#pods.lister.values()) {
      if (isPodFinished(pod)) finished.push(pod);
      if (pod.spec.nodeName !== undefined) nodesOfPods.add(pod.spec.nodeName);
    }
    await this.#removeFinished(finished);
    await this.#removeOrphans(nodesOfPods);
    for (const pod of podsOnNode(this.#pods, "")) {
      if (pod.metadata.deletionTimestamp !== undefined) {
        await this.#remove(pod, "PodGC: deleting unscheduled terminating pod");
      }
    }
    for (const node of this.#nodes.lister.list().filter(isOutOfService)) {
      for (const pod of podsOnNode(this.#pods, node.metadata.name)) {
        if (pod.metadata.deletionTimestamp !== undefined) {
          await this.#remove(pod, "PodGC: node is out of service");
        }
      }
    }
  }

  async #removeFinished(finished: readonly Pod[]): Promise<void> {
    const { terminatedThreshold } = this.#options;
    const surplus = finished.length - terminatedThreshold;
    if (terminatedThreshold === 0 || surplus <= 0) return;
    const evictedFirst = (pod: Pod): number => (pod.status?.reason === "Evicted" ? 0 : 1);
    const sorted = finished.toSorted(
      (a, b) =>
        evictedFirst(a) - evictedFirst(b) ||
        Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp),
    );
    for (const pod of sorted.slice(0, surplus)) await this.#delete(pod);
  }

  /** A node is believed gone when it was missing for the quarantine and a live read misses it too. */
  async #removeOrphans(nodesOfPods: ReadonlySet<string>): Promise<void> {
    const now = this.#parts.now();
    for (const name of this.#missing.keys()) {
      if (!nodesOfPods.has(name) || this.#nodes.lister.get({ name }) !== undefined) this.#missing.delete(name);
    }
    for (const name of nodesOfPods) {
      if (this.#nodes.lister.get({ name }) !== undefined) continue;
      const since = this.#missing.get(name);
      if (since === undefined) this.#missing.set(name, now);
      if (now - (since ?? now) < this.#options.quarantineMs || !(await this.#isGone(name))) continue;
      for (const pod of podsOnNode(this.#pods, name)) await this.#remove(pod, "PodGC: node no longer exists");
    }
  }

  async #isGone(name: string): Promise<boolean> {
    try {
      await this.#parts.client.get(nodes, { name });
      return false;
    } catch (err) {
      if (isNotFound(err)) return true;
      throw err;
    }
  }

  /** Nobody will ever report how the pod ended: it failed. */
  async #remove(pod: Pod, message: string): Promise<void> {
    this.#parts.log.info("removing pod", { pod: `${pod.metadata.namespace}/${pod.metadata.name}`, why: message });
    try {
      if (!isPodFinished(pod)) {
        const marked = withDisruption(pod, { reason: "DeletionByPodGC", message, now: this.#parts.now() });
        await this.#parts.client.updateStatus(pods, { ...marked, status: { ...marked.status, phase: "Failed" } });
      }
    } catch (err) {
      if (isNotFound(err)) return;
      throw err;
    }
    await this.#delete(pod);
  }

  async #delete(pod: Pod): Promise<void> {
    const { namespace = "", name, uid } = pod.metadata;
    try {
      await this.#parts.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
  }
}

function isOutOfService(node: Node): boolean {
  return readyStatus(node) !== "True" && (node.spec.taints ?? []).some((taint) => taint.key === OUT_OF_SERVICE);
}
