import { selectorOf } from "#pkg/api/index.ts";
import {
  type ControllerRevision,
  controllerrevisions,
  type StatefulSet,
  statefulsets,
} from "#pkg/api/types/apps-v1.ts";
import { type PersistentVolumeClaim, persistentvolumeclaims, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import { claim } from "../claim.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { type History, syncHistory, truncateHistory } from "../history/index.ts";
import { addOwnerIndexes, claimable } from "../informer-indexes.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { controllerOf, isPodAvailable, isPodReady, ownerRefTo, sameLabels, semanticEqual } from "../objects/index.ts";
import { messageOf } from "../pod-control.ts";
import { planStateful, type StatefulPlan, statefulStatus } from "./plan.ts";
import { claimsOf, ordinalOf, podName, revisionOf, statefulPod } from "./pod-identity.ts";

/**
 * Pods with a lasting identity: name, host name, claims. Reads StatefulSets and pods; writes pods, claims,
 * ControllerRevisions and status.
 */
export class StatefulSetController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #sets: Informer<StatefulSet>;
  readonly #pods: Informer<Pod>;
  readonly #claims: Informer<PersistentVolumeClaim>;
  readonly #revisions: Informer<ControllerRevision>;

  constructor(parts: ControllerParts) {
    const sets = parts.informers.informer(statefulsets);
    const podInformer = parts.informers.informer(pods);
    const claims = parts.informers.informer(persistentvolumeclaims);
    const revisions = parts.informers.informer(controllerrevisions);
    super({
      name: "statefulset",
      informers: [sets, podInformer, claims, revisions],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#sets = sets;
    this.#pods = podInformer;
    this.#claims = claims;
    this.#revisions = revisions;
    addOwnerIndexes(podInformer);
    addOwnerIndexes(revisions);
    const enqueue = (set: StatefulSet): void => this.queue.add(keyOf(set));
    sets.addHandler({ add: enqueue, update: enqueue });
    podInformer.addHandler({
      add: (pod) => this.#podChanged(pod),
      update: (pod, before) => {
        if (controllerOf(pod)?.uid !== controllerOf(before)?.uid) this.#podChanged(before);
        if (controllerOf(pod) !== undefined || !sameLabels(pod.metadata.labels, before.metadata.labels)) {
          this.#podChanged(pod);
        }
      },
      delete: (pod) => this.#podChanged(pod),
    });
  }

  #podChanged(pod: Pod): void {
    const ref = controllerOf(pod);
    const namespace = pod.metadata.namespace ?? "";
    if (ref !== undefined) {
      if (ref.kind === "StatefulSet") this.queue.add(`${namespace}/${ref.name}`);
      return;
    }
    for (const set of this.#sets.lister.list(namespace)) {
      if (ordinalOf(set, pod) !== undefined && selectorOf(set.spec.selector).matches(pod.metadata.labels)) {
        this.queue.add(keyOf(set));
      }
    }
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const set = this.#sets.lister.getByKey(key);
    if (set === undefined) return undefined;
    const selector = selectorOf(set.spec.selector);
    const owned = { client: this.#parts.client, owner: set, ownerResource: statefulsets, selector };
    const mine = await claim({
      ...owned,
      resource: pods,
      candidates: claimable(this.#pods, set).filter((pod) => ordinalOf(set, pod) !== undefined),
    });
    const existing = await claim({
      ...owned,
      resource: controllerrevisions,
      candidates: claimable(this.#revisions, set),
    });
    const history = await this.#history(set, existing);
    const update = history.current;
    const current = existing.find((r) => r.metadata.name === set.status?.currentRevision) ?? update;
    const view = {
      set,
      pods: mine,
      currentRevision: current.metadata.name,
      updateRevision: update.metadata.name,
      now: this.#parts.now(),
    };
    const plan = planStateful(view);
    let failure: unknown;
    try {
      await this.#carryOut(set, plan, { current, update });
    } catch (err) {
      failure = err;
    }
    const status = statefulStatus(view, set.status?.collisionCount);
    if (!semanticEqual(status, set.status)) await this.#parts.client.updateStatus(statefulsets, { ...set, status });
    const live = new Set([
      current.metadata.name,
      update.metadata.name,
      ...mine.flatMap((pod) => revisionOf(pod) ?? []),
    ]);
    await truncateHistory(this.#parts.client, history.old, live, set.spec.revisionHistoryLimit ?? 10);
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
    const minReady = set.spec.minReadySeconds ?? 0;
    const waiting = mine.some((pod) => isPodReady(pod) && !isPodAvailable(pod, minReady, view.now));
    return waiting ? { requeueAfterMs: 1000 } : undefined;
  }

  async #history(set: StatefulSet, existing: readonly ControllerRevision[]): Promise<History> {
    try {
      return await syncHistory(
        this.#parts.client,
        {
          resource: statefulsets,
          object: set,
          template: set.spec.template,
          selectorLabels: set.spec.template.metadata?.labels ?? {},
          collisionCount: set.status?.collisionCount,
        },
        existing,
      );
    } catch (err) {
      if (isAlreadyExists(err)) {
        const collisionCount = (set.status?.collisionCount ?? 0) + 1;
        const status = { replicas: 0, ...set.status, collisionCount };
        await this.#parts.client.updateStatus(statefulsets, { ...set, status });
      }
      throw err;
    }
  }

  async #carryOut(
    set: StatefulSet,
    plan: StatefulPlan,
    revisions: { readonly current: ControllerRevision; readonly update: ControllerRevision },
  ): Promise<void> {
    await Promise.all(
      plan.create.map(async ({ ordinal, revision }) => {
        await this.#makeClaims(set, ordinal);
        await this.#make(set, ordinal, revisions[revision]);
      }),
    );
    await Promise.all(
      plan.remove.map(async (pod) => {
        if (plan.ended.includes(pod)) {
          const failed = pod.status?.phase === "Failed";
          const text = `StatefulSet ${keyOf(set)} is recreating ${failed ? "failed" : "terminated"} Pod ${pod.metadata.name}`;
          const reason = failed ? "RecreatingFailedPod" : "RecreatingTerminatedPod";
          this.#tell(set, failed ? "Warning" : "Normal", reason, text);
        } else await this.#handOverClaims(set, pod);
        await this.#delete(set, pod);
      }),
    );
  }

  async #make(set: StatefulSet, ordinal: number, revision: ControllerRevision): Promise<void> {
    const what = `create Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name}`;
    try {
      await this.#parts.client.create(pods, statefulPod(set, ordinal, revision));
    } catch (err) {
      // Made a moment ago, and not yet in the informer.
      if (isAlreadyExists(err)) throw err;
      if (!isNamespaceTerminating(err)) {
        this.#tell(set, "Warning", "FailedCreate", `${what} failed error: ${messageOf(err)}`);
      }
      throw err;
    }
    this.#tell(set, "Normal", "SuccessfulCreate", `${what} successful`);
  }

  async #makeClaims(set: StatefulSet, ordinal: number): Promise<void> {
    for (const wanted of claimsOf(set, ordinal)) {
      const { namespace = "", name = "" } = wanted.metadata;
      const there = this.#claims.lister.get({ namespace, name });
      if (there?.metadata.deletionTimestamp !== undefined) {
        throw new Error(`Claim "${name}" of pod "${podName(set, ordinal)}" is being deleted`);
      }
      if (there !== undefined) continue;
      const what = `create Claim ${name} Pod ${podName(set, ordinal)} in StatefulSet ${set.metadata.name}`;
      try {
        await this.#parts.client.create(persistentvolumeclaims, wanted);
      } catch (err) {
        if (isAlreadyExists(err)) continue;
        this.#tell(set, "Warning", "FailedCreate", `${what} failed error: ${messageOf(err)}`);
        throw err;
      }
      this.#tell(set, "Normal", "SuccessfulCreate", `${what} success`);
    }
  }

  /** With whenScaled: Delete the claims of a pod that is scaled away go with it: the pod becomes their owner. */
  async #handOverClaims(set: StatefulSet, pod: Pod): Promise<void> {
    if (set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled !== "Delete") return;
    const ordinal = ordinalOf(set, pod) ?? 0;
    const start = set.spec.ordinals?.start ?? 0;
    if (ordinal >= start && ordinal < start + (set.spec.replicas ?? 1)) return;
    for (const { metadata } of claimsOf(set, ordinal)) {
      const there = this.#claims.lister.get({ namespace: metadata.namespace ?? "", name: metadata.name ?? "" });
      if (there === undefined) continue;
      const kept = (there.metadata.ownerReferences ?? []).filter((ref) => ref.uid !== set.metadata.uid);
      if (kept.some((ref) => ref.uid === pod.metadata.uid)) continue;
      const ownerReferences = [...kept, ownerRefTo(pods, pod)];
      await this.#parts.client.update(persistentvolumeclaims, {
        ...there,
        metadata: { ...there.metadata, ownerReferences },
      });
    }
  }

  async #delete(set: StatefulSet, pod: Pod): Promise<void> {
    const { namespace = "", name, uid } = pod.metadata;
    const what = `delete Pod ${name} in StatefulSet ${set.metadata.name}`;
    try {
      await this.#parts.client.delete(pods, { namespace, name }, { preconditions: { uid } });
    } catch (err) {
      if (isNotFound(err)) return;
      this.#tell(set, "Warning", "FailedDelete", `${what} failed error: ${messageOf(err)}`);
      throw err;
    }
    this.#tell(set, "Normal", "SuccessfulDelete", `${what} successful`);
  }

  #tell(set: StatefulSet, type: "Normal" | "Warning", reason: string, message: string): void {
    this.#parts.recorder.event({ resource: statefulsets, object: set }, type, reason, message);
  }
}
