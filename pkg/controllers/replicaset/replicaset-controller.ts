import { type KubeObject, selectorOf } from "#pkg/api/index.ts";
import type { ReplicaSet, ReplicaSetStatus } from "#pkg/api/types/apps-v1.ts";
import { type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { Expectations, type Informer, keyOf } from "#pkg/client/index.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import { claim } from "../claim.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { addOwnerIndexes, claimable, ownedBy } from "../informer-indexes.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { controllerOf, controllerRefTo, isPodActive, sameLabels, semanticEqual } from "../objects/index.ts";
import { messageOf, PodControl, podFromTemplate } from "../pod-control.ts";
import { slowStartBatch } from "../slow-start.ts";
import { podsToDelete } from "./deletion-order.ts";
import type { ReplicaKind } from "./replica-kind.ts";
import { calculateStatus, nextAvailableMs } from "./status.ts";

// At most this many pods are created or deleted for one set in one sync.
const BURST = 500;

/** Keeps as many pods as spec.replicas says. Reads sets and pods; writes pods and the sets' status. */
export class ReplicaSetController<T extends KubeObject> extends QueueController {
  readonly #parts: ControllerParts;
  readonly #kind: ReplicaKind<T>;
  readonly #sets: Informer<T>;
  readonly #pods: Informer<Pod>;
  readonly #control: PodControl;
  readonly #expectations: Expectations;

  constructor(parts: ControllerParts, kind: ReplicaKind<T>) {
    const sets = parts.informers.informer(kind.resource);
    const podInformer = parts.informers.informer(pods);
    super({ name: kind.name, informers: [sets, podInformer], log: parts.log, sync: (key) => this.#sync(key) });
    this.#parts = parts;
    this.#kind = kind;
    this.#sets = sets;
    this.#pods = podInformer;
    this.#control = new PodControl(parts);
    this.#expectations = new Expectations({ now: parts.now });
    addOwnerIndexes(sets);
    addOwnerIndexes(podInformer);
    sets.addHandler({
      add: (set) => this.queue.add(keyOf(set)),
      update: (set) => this.queue.add(keyOf(set)),
      delete: (set) => {
        this.#expectations.delete(keyOf(set));
        this.queue.add(keyOf(set));
      },
    });
    podInformer.addHandler({
      add: (pod) => this.#podAdded(pod),
      update: (pod, before) => this.#podUpdated(pod, before),
      delete: (pod) => this.#podDeleted(pod),
    });
  }

  #podAdded(pod: Pod): void {
    if (pod.metadata.deletionTimestamp !== undefined) return this.#podDeleted(pod);
    const set = this.#setOf(pod);
    if (set !== undefined) {
      this.#expectations.creationObserved(keyOf(set));
      this.queue.add(keyOf(set));
    } else if (controllerOf(pod) === undefined) this.#enqueueAdopters(pod);
  }

  #podUpdated(pod: Pod, before: Pod): void {
    if (pod.metadata.deletionTimestamp !== undefined) {
      this.#podDeleted(pod);
      if (!sameLabels(pod.metadata.labels, before.metadata.labels)) this.#podDeleted(before);
      return;
    }
    const moved = controllerOf(pod)?.uid !== controllerOf(before)?.uid;
    if (moved) {
      const old = this.#setOf(before);
      if (old !== undefined) this.queue.add(keyOf(old));
    }
    const set = this.#setOf(pod);
    if (set !== undefined) this.queue.add(keyOf(set));
    else if (controllerOf(pod) === undefined && (moved || !sameLabels(pod.metadata.labels, before.metadata.labels))) {
      this.#enqueueAdopters(pod);
    }
  }

  #podDeleted(pod: Pod): void {
    const set = this.#setOf(pod);
    if (set === undefined) return;
    this.#expectations.deletionObserved(keyOf(set), pod.metadata.uid);
    this.queue.add(keyOf(set));
  }

  #setOf(pod: Pod): T | undefined {
    const ref = controllerOf(pod);
    if (ref === undefined || ref.kind !== this.#kind.resource.kind) return undefined;
    const set = this.#sets.lister.get({ namespace: pod.metadata.namespace ?? "", name: ref.name });
    return set?.metadata.uid === ref.uid ? set : undefined;
  }

  #enqueueAdopters(pod: Pod): void {
    for (const set of this.#sets.lister.list(pod.metadata.namespace)) {
      if (selectorOf(this.#kind.toReplicaSet(set).spec.selector).matches(pod.metadata.labels))
        this.queue.add(keyOf(set));
    }
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const object = this.#sets.lister.getByKey(key);
    if (object === undefined) {
      this.#expectations.delete(key);
      return undefined;
    }
    const rs = this.#kind.toReplicaSet(object);
    const maySize = this.#expectations.satisfied(key) && rs.metadata.deletionTimestamp === undefined;
    const mine = await claim({
      client: this.#parts.client,
      owner: object,
      ownerResource: this.#kind.resource,
      resource: pods,
      candidates: claimable(this.#pods, object),
      selector: selectorOf(rs.spec.selector),
    });
    let failure: unknown;
    if (maySize) {
      try {
        await this.#resize(key, object, rs, mine.filter(isPodActive));
      } catch (err) {
        failure = err;
      }
    }
    const now = this.#parts.now();
    const why = failure === undefined ? undefined : { message: messageOf(failure) };
    await this.#writeStatus(object, calculateStatus(rs, mine, why, now));
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
    const wait = nextAvailableMs(mine, rs.spec.minReadySeconds ?? 0, now);
    return wait === undefined ? undefined : { requeueAfterMs: wait };
  }

  async #resize(key: string, object: T, rs: ReplicaSet, active: readonly Pod[]): Promise<void> {
    const owner = { resource: this.#kind.resource, object };
    const missing = Math.min((rs.spec.replicas ?? 1) - active.length, BURST);
    const { template } = rs.spec;
    if (missing > 0 && template !== undefined) {
      this.#expectations.expectCreations(key, missing);
      const ref = controllerRefTo(this.#kind.resource, object);
      const { succeeded, error } = await slowStartBatch(missing, async () => {
        await this.#control.create(owner, podFromTemplate(template, object, ref));
      });
      // Those that failed and those never tried will not be seen.
      for (let i = succeeded; i < missing; i++) this.#expectations.creationObserved(key);
      if (error !== undefined) throw error;
    } else if (missing < 0) {
      const surplus = podsToDelete(active, this.#related(rs), Math.min(-missing, BURST), this.#parts.now());
      this.#expectations.expectDeletions(
        key,
        surplus.map((pod) => pod.metadata.uid),
      );
      const results = await Promise.allSettled(
        surplus.map(async (pod) => {
          try {
            // Gone already: its event may have come before we expected it.
            if (!(await this.#control.delete(owner, pod))) {
              this.#expectations.deletionObserved(key, pod.metadata.uid);
            }
          } catch (err) {
            this.#expectations.deletionObserved(key, pod.metadata.uid);
            throw err;
          }
        }),
      );
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    }
  }

  /** Active pods of all sets that share this set's controller (a deployment's), which crowd its nodes too. */
  #related(rs: ReplicaSet): Pod[] {
    const controller = controllerOf(rs);
    const sets = controller === undefined ? [rs] : ownedBy(this.#sets, controller.uid);
    return sets.flatMap((set) => ownedBy(this.#pods, set.metadata.uid)).filter(isPodActive);
  }

  async #writeStatus(object: T, status: ReplicaSetStatus): Promise<void> {
    let current = object;
    for (let attempt = 0; ; attempt++) {
      const next = this.#kind.withStatus(current, status);
      if (semanticEqual((next as StatusHolder).status, (current as StatusHolder).status)) return;
      try {
        await this.#parts.client.updateStatus(this.#kind.resource, next);
        return;
      } catch (err) {
        if (isNotFound(err)) return;
        if (!isConflict(err) || attempt > 0) throw err;
      }
      const { namespace = "", name } = object.metadata;
      try {
        current = await this.#parts.client.get(this.#kind.resource, { namespace, name });
      } catch (err) {
        if (isNotFound(err)) return;
        throw err;
      }
      if (current.metadata.uid !== object.metadata.uid) return;
    }
  }
}

interface StatusHolder {
  readonly status?: unknown;
}
