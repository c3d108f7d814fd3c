import type { KubeObject } from "#pkg/api/index.ts";
import { replicasets } from "#pkg/api/types/apps-v1.ts";
import { namespaces, nodes, pods, services } from "#pkg/api/types/core-v1.ts";
import { endpointslices } from "#pkg/api/types/discovery-v1.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";
import { WorkQueue } from "#pkg/client/index.ts";
import { until } from "#pkg/async/index.ts";
import { type Controller, type ControllerParts, periodically } from "../controller.ts";
import { discover } from "../discovery.ts";
import { FOREGROUND, type GraphNode, ORPHAN, OwnerGraph } from "./graph.ts";
import { LiveObjects } from "./live-objects.ts";
import { Monitors } from "./monitors.ts";

const RESYNC_MS = 30_000;
/** After a CRD changed: several changes are one look at discovery. */
const SETTLE_MS = 200;

/**
 * Deletes objects whose owners are all gone, and carries out foreground and orphan deletions. Reads the metadata of
 * everything the API serves; every decision is made on a live read.
 *
 *   events ─▶ OwnerGraph ─▶ delete queue ─▶ live read ─▶ delete | drop dangling owner references | unblock owner
 *                        └▶ orphan queue ─▶ drop the owner from its dependents ─▶ remove the orphan finalizer
 */
export class GarbageCollector implements Controller {
  readonly name = "garbage-collector";
  readonly #parts: ControllerParts;
  readonly #graph: OwnerGraph;
  readonly #live: LiveObjects;
  readonly #monitors: Monitors;
  readonly #toDelete: WorkQueue;
  readonly #toOrphan: WorkQueue;
  #discovered = false;
  #soon: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    const queue = (name: string, sync: (uid: string) => Promise<void>): WorkQueue =>
      new WorkQueue({ name, sync, workers: 20, log: parts.log });
    this.#toDelete = queue("garbage-collector-delete", (uid) => this.#attemptToDelete(uid));
    this.#toOrphan = queue("garbage-collector-orphan", (uid) => this.#attemptToOrphan(uid));
    this.#graph = new OwnerGraph({
      attemptToDelete: (node) => this.#toDelete.add(node.uid),
      attemptToOrphan: (node) => this.#toOrphan.add(node.uid),
    });
    this.#live = new LiveObjects(parts.client);
    this.#monitors = new Monitors({
      client: parts.client,
      log: parts.log,
      graph: this.#graph,
      informers: parts.informers,
      shared: [pods, replicasets, services, endpointslices, nodes, namespaces],
      kindsChanged: () => this.#resyncSoon(),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    const resync = periodically((s) => this.#resync(s), {
      name: this.name,
      intervalMs: RESYNC_MS,
      log: this.#parts.log,
      signal,
    });
    // Before everything is listed an owner may only seem to be missing. A resource that cannot be listed must not
    // stop the rest for ever; decisions are made on live reads anyway.
    await until(() => this.#discovered && this.#monitors.synced, {
      timeoutMs: 30_000,
      intervalMs: 20,
      signal,
      what: "the first lists of all resources",
    }).catch((err: unknown) => {
      if (!signal.aborted) this.#parts.log.warn("garbage collection starts without all resources", { err });
    });
    await Promise.all([resync, this.#toDelete.start(signal), this.#toOrphan.start(signal)]);
    clearTimeout(this.#soon);
    await this.#monitors.drained();
  }

  /** Objects of a new kind may be owners at once; nobody waits for the next regular look. */
  #resyncSoon(): void {
    const signal = this.#signal;
    if (signal === undefined || signal.aborted || this.#soon !== undefined) return;
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      this.#resync(signal).catch((err: unknown) => {
        if (!signal.aborted) this.#parts.log.warn("cannot discover resources", { err });
      });
    }, SETTLE_MS);
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const { resources } = await discover(this.#parts.client, signal);
    this.#live.learn(resources);
    this.#monitors.resync(resources, signal);
    this.#discovered = true;
  }

  async #attemptToDelete(uid: string): Promise<void> {
    const node = this.#graph.get(uid);
    if (node === undefined) return;
    if (node.beingDeleted && !node.deletingDependents) return;
    const resource = node.resource ?? this.#live.resourceOf(node.reference);
    if (resource === undefined) {
      throw new Error(`Cannot resolve owner ${node.reference.apiVersion} ${node.reference.kind}`);
    }
    const live = await this.#live.read(resource, node);
    if (live === undefined) {
      this.#live.noteAbsent(uid);
      this.#graph.remove(uid);
      return;
    }
    // It does exist; its own watch will tell the rest.
    if (node.virtual) return;
    if (node.deletingDependents) return await this.#releaseForeground(node, live);

    const owners = live.metadata.ownerReferences ?? [];
    if (owners.length === 0) return;
    const states = new Map<OwnerReference, "solid" | "absent" | "waiting">();
    const where = { namespace: node.namespace, namespaced: resource.namespaced };
    for (const owner of owners) states.set(owner, await this.#live.ownerState(owner, where, isWaiting));
    const solid = owners.filter((owner) => states.get(owner) === "solid");
    if (solid.length === owners.length) return;
    if (solid.length > 0) {
      await this.#live.patchMetadata(resource, live, { ownerReferences: solid });
      return;
    }
    const waiting = owners.filter((owner) => states.get(owner) === "waiting");
    if (waiting.length > 0 && (node.dependents?.size ?? 0) > 0) {
      // A circle of owners that wait for each other would never end: give up blocking.
      if ([...(node.dependents ?? [])].some((dependent) => dependent.deletingDependents)) {
        const unblocked = owners.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
        await this.#live.patchMetadata(resource, live, { ownerReferences: unblocked });
        return;
      }
      await this.#live.delete(resource, live, "Foreground");
      return;
    }
    const finalizers = live.metadata.finalizers ?? [];
    const policy = finalizers.includes(ORPHAN)
      ? "Orphan"
      : finalizers.includes(FOREGROUND)
        ? "Foreground"
        : "Background";
    await this.#live.delete(resource, live, policy);
  }

  /** A foreground deletion ends when nothing blocks it any more. */
  async #releaseForeground(node: GraphNode, live: KubeObject): Promise<void> {
    const blocking = this.#graph.blockingDependents(node);
    if (blocking.length > 0) {
      for (const dependent of blocking) if (!dependent.deletingDependents) this.#toDelete.add(dependent.uid);
      return;
    }
    await this.#dropFinalizer(node, live, FOREGROUND);
  }

  async #attemptToOrphan(uid: string): Promise<void> {
    const node = this.#graph.get(uid);
    if (node?.resource === undefined) return;
    for (const dependent of new Set(node.dependents)) {
      if (dependent.resource === undefined) continue;
      const live = await this.#live.read(dependent.resource, dependent);
      const owners = live?.metadata.ownerReferences ?? [];
      if (live === undefined || !owners.some((owner) => owner.uid === uid)) continue;
      const ownerReferences = owners.filter((owner) => owner.uid !== uid);
      await this.#live.patchMetadata(dependent.resource, live, { ownerReferences });
    }
    const live = await this.#live.read(node.resource, node);
    if (live !== undefined) await this.#dropFinalizer(node, live, ORPHAN);
  }

  async #dropFinalizer(node: GraphNode, live: KubeObject, finalizer: string): Promise<void> {
    const finalizers = live.metadata.finalizers ?? [];
    if (node.resource === undefined || !finalizers.includes(finalizer)) return;
    await this.#live.patchMetadata(node.resource, live, { finalizers: finalizers.filter((f) => f !== finalizer) });
  }
}

function isWaiting(owner: KubeObject): boolean {
  return owner.metadata.deletionTimestamp !== undefined && (owner.metadata.finalizers ?? []).includes(FOREGROUND);
}
