import { isEmptySelector } from "#pkg/api/field-checks.ts";
import { selectorOf } from "#pkg/api/index.ts";
import { type Deployment, deployments, type ReplicaSet, replicasets } from "#pkg/api/types/apps-v1.ts";
import { type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { claim } from "../claim.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { addOwnerIndexes, claimable, ownedBy } from "../informer-indexes.ts";
import {
  controllerOf,
  findCondition,
  isPodFinished,
  sameLabels,
  semanticEqual,
  setCondition,
} from "../objects/index.ts";
import { revisionOf, sizeAnnotations } from "./annotations.ts";
import { desiredReplicas, isRollingUpdate } from "./fenceposts.ts";
import { type Rollout, syncRevision } from "./new-replica-set.ts";
import { active, DESIRED_ANNOTATION, numberAnnotation, specReplicas, sumActual } from "./replica-sets.ts";
import { newSetSize, type Resize, scaleSets, shrinkOldSets } from "./scaling.ts";
import {
  calculateStatus,
  condition,
  hasProgressDeadline,
  isComplete,
  nextDeadlineCheckMs,
  rolloutStatus,
} from "./status.ts";

type Result = { readonly requeueAfterMs: number } | undefined;

/**
 * Rolls templates out. Reads deployments and ReplicaSets (and pods, to know when a Recreate rollout has stopped its
 * old ones); writes ReplicaSets and the deployments' status.
 */
export class DeploymentController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;

  constructor(parts: ControllerParts) {
    const deploymentInformer = parts.informers.informer(deployments);
    const setInformer = parts.informers.informer(replicasets);
    const podInformer = parts.informers.informer(pods);
    super({
      name: "deployment",
      informers: [deploymentInformer, setInformer, podInformer],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#deployments = deploymentInformer;
    this.#sets = setInformer;
    this.#pods = podInformer;
    addOwnerIndexes(setInformer);
    addOwnerIndexes(podInformer);
    const enqueue = (d: Deployment): void => this.queue.add(keyOf(d));
    deploymentInformer.addHandler({ add: enqueue, update: enqueue, delete: enqueue });
    setInformer.addHandler({
      add: (rs) => this.#setChanged(rs),
      update: (rs, before) => {
        if (controllerOf(rs)?.uid !== controllerOf(before)?.uid) this.#setChanged(before);
        if (controllerOf(rs) !== undefined || !sameLabels(rs.metadata.labels, before.metadata.labels)) {
          this.#setChanged(rs);
        }
      },
      delete: (rs) => this.#enqueueOwner(rs),
    });
    podInformer.addHandler({ delete: (pod) => this.#podDeleted(pod) });
  }

  #enqueueOwner(rs: ReplicaSet): boolean {
    const ref = controllerOf(rs);
    if (ref?.kind !== "Deployment") return false;
    const d = this.#deployments.lister.get({ namespace: rs.metadata.namespace ?? "", name: ref.name });
    if (d?.metadata.uid === ref.uid) this.queue.add(keyOf(d));
    return true;
  }

  #setChanged(rs: ReplicaSet): void {
    if (this.#enqueueOwner(rs) || controllerOf(rs) !== undefined) return;
    for (const d of this.#deployments.lister.list(rs.metadata.namespace)) {
      if (selectorOf(d.spec.selector).matches(rs.metadata.labels)) this.queue.add(keyOf(d));
    }
  }

  /** A Recreate rollout waits for the last old pod. */
  #podDeleted(pod: Pod): void {
    const ref = controllerOf(pod);
    if (ref?.kind !== "ReplicaSet") return;
    const rs = this.#sets.lister.get({ namespace: pod.metadata.namespace ?? "", name: ref.name });
    const owner = rs === undefined ? undefined : controllerOf(rs);
    if (rs === undefined || owner === undefined) return;
    const d = this.#deployments.lister.get({ namespace: rs.metadata.namespace ?? "", name: owner.name });
    if (d?.metadata.uid !== owner.uid || d.spec.strategy?.type !== "Recreate") return;
    if (!ownedBy(this.#sets, d.metadata.uid).some((set) => ownedBy(this.#pods, set.metadata.uid).length > 0)) {
      this.queue.add(keyOf(d));
    }
  }

  async #sync(key: string): Promise<Result> {
    let d = this.#deployments.lister.getByKey(key);
    if (d === undefined) return undefined;
    if (isEmptySelector(d.spec.selector)) {
      const text = "This deployment is selecting all pods. A non-empty selector is required.";
      this.#parts.recorder.event({ resource: deployments, object: d }, "Warning", "SelectingAll", text);
      if ((d.status?.observedGeneration ?? 0) < (d.metadata.generation ?? 0)) {
        await this.#writeStatus(d, { ...d.status, observedGeneration: d.metadata.generation ?? 0 });
      }
      return undefined;
    }
    const sets = await claim({
      client: this.#parts.client,
      owner: d,
      ownerResource: deployments,
      resource: replicasets,
      candidates: claimable(this.#sets, d),
      selector: selectorOf(d.spec.selector),
    });
    if (d.metadata.deletionTimestamp !== undefined) return await this.#syncStatusOnly(d, sets);
    d = await this.#notePause(d);
    if (d.spec.paused === true || isScaling(d, sets)) return await this.#scale(d, sets);
    return isRollingUpdate(d) ? await this.#roll(d, sets) : await this.#recreate(d, sets);
  }

  /** Sizes change, the template does not roll out. */
  async #scale(d: Deployment, sets: readonly ReplicaSet[]): Promise<Result> {
    const rollout = await syncRevision(this.#parts, d, sets, false);
    const resized = await this.#resizeAll(rollout, scaleSets(rollout.d, rollout.newRs, rollout.old), true);
    if (d.spec.paused === true) await this.#cleanup(rollout.d, resized.old);
    const all = everySet(resized);
    await this.#writeStatus(rollout.d, calculateStatus(rollout.d, all, resized.newRs, this.#parts.now()));
    return undefined;
  }

  async #syncStatusOnly(d: Deployment, sets: readonly ReplicaSet[]): Promise<Result> {
    const rollout = await syncRevision(this.#parts, d, sets, false);
    await this.#writeStatus(rollout.d, calculateStatus(rollout.d, sets, rollout.newRs, this.#parts.now()));
    return undefined;
  }

  async #roll(d: Deployment, sets: readonly ReplicaSet[]): Promise<Result> {
    const rollout = await syncRevision(this.#parts, d, sets, true);
    const { newRs, old } = rollout;
    if (newRs === undefined) return undefined;
    const size = specReplicas(newRs);
    const desired = desiredReplicas(d);
    const target = size > desired ? desired : newSetSize(rollout.d, everySet(rollout), size);
    if (target !== size) return await this.#finish(await this.#resizeAll(rollout, [{ rs: newRs, to: target }]));
    const shrink = shrinkOldSets(rollout.d, newRs, old);
    if (shrink.length > 0) return await this.#finish(await this.#resizeAll(rollout, shrink));
    await this.#cleanupIfComplete(rollout);
    return await this.#finish(rollout);
  }

  async #recreate(d: Deployment, sets: readonly ReplicaSet[]): Promise<Result> {
    let rollout = await syncRevision(this.#parts, d, sets, false);
    const running = active(rollout.old);
    if (running.length > 0) {
      return await this.#finish(
        await this.#resizeAll(
          rollout,
          running.map((rs) => ({ rs, to: 0 })),
        ),
      );
    }
    if (sumActual(rollout.old) > 0 || this.#hasRunningPods(rollout.old)) return await this.#finish(rollout);
    rollout = await syncRevision(this.#parts, rollout.d, sets, true);
    const { newRs } = rollout;
    if (newRs !== undefined && specReplicas(newRs) !== desiredReplicas(d)) {
      rollout = await this.#resizeAll(rollout, [{ rs: newRs, to: desiredReplicas(d) }]);
    }
    await this.#cleanupIfComplete(rollout);
    return await this.#finish(rollout);
  }

  #hasRunningPods(sets: readonly ReplicaSet[]): boolean {
    return sets.some((rs) => ownedBy(this.#pods, rs.metadata.uid).some((pod) => !isPodFinished(pod)));
  }

  /** Writes sizes and size annotations; `annotateAll` also refreshes those of active sets that keep their size. */
  async #resizeAll(rollout: Rollout, resizes: readonly Resize[], annotateAll = false): Promise<Rollout> {
    const written = new Map<string, ReplicaSet>();
    const todo = [...resizes];
    if (annotateAll) {
      const named = new Set(resizes.map(({ rs }) => rs.metadata.uid));
      for (const rs of active(everySet(rollout))) {
        if (!named.has(rs.metadata.uid)) todo.push({ rs, to: specReplicas(rs) });
      }
    }
    for (const { rs, to } of todo) {
      written.set(rs.metadata.uid, await this.#resize(rollout.d, rs, to));
    }
    const fresh = (rs: ReplicaSet): ReplicaSet => written.get(rs.metadata.uid) ?? rs;
    return {
      d: rollout.d,
      newRs: rollout.newRs === undefined ? undefined : fresh(rollout.newRs),
      old: rollout.old.map(fresh),
    };
  }

  async #resize(d: Deployment, rs: ReplicaSet, to: number): Promise<ReplicaSet> {
    const from = specReplicas(rs);
    const annotations = { ...rs.metadata.annotations, ...sizeAnnotations(d) };
    if (from === to && sameLabels(annotations, rs.metadata.annotations)) return rs;
    const written = await this.#parts.client.update(replicasets, {
      ...rs,
      metadata: { ...rs.metadata, annotations },
      spec: { ...rs.spec, replicas: to },
    });
    if (from !== to) {
      const text = `Scaled ${from < to ? "up" : "down"} replica set ${rs.metadata.name} from ${from} to ${to}`;
      this.#parts.recorder.event({ resource: deployments, object: d }, "Normal", "ScalingReplicaSet", text);
    }
    return written;
  }

  async #cleanupIfComplete(rollout: Rollout): Promise<void> {
    if (isComplete(rollout.d, rollout.d.status ?? {})) await this.#cleanup(rollout.d, rollout.old);
  }

  /** Deletes the oldest revisions beyond revisionHistoryLimit. */
  async #cleanup(d: Deployment, old: readonly ReplicaSet[]): Promise<void> {
    const limit = d.spec.revisionHistoryLimit;
    if (limit === undefined) return;
    const alive = old.filter((rs) => rs.metadata.deletionTimestamp === undefined);
    const surplus = alive.toSorted((a, b) => revisionOf(a) - revisionOf(b)).slice(0, Math.max(0, alive.length - limit));
    for (const rs of surplus) {
      const settled = (rs.metadata.generation ?? 0) <= (rs.status?.observedGeneration ?? 0);
      if ((rs.status?.replicas ?? 0) !== 0 || specReplicas(rs) !== 0 || !settled) continue;
      const { namespace = "", name, uid } = rs.metadata;
      try {
        await this.#parts.client.delete(replicasets, { namespace, name }, { preconditions: { uid } });
      } catch (err) {
        if (!isNotFound(err)) throw err;
      }
    }
  }

  async #finish({ d, newRs, old }: Rollout): Promise<Result> {
    const now = this.#parts.now();
    const next = rolloutStatus(d, newRs === undefined ? old : [...old, newRs], newRs, now);
    if (await this.#writeStatus(d, next)) return undefined;
    const wait = nextDeadlineCheckMs(d, next, now);
    return wait === undefined ? undefined : { requeueAfterMs: wait };
  }

  /** Pausing stops the progress deadline's clock, resuming starts it anew. */
  async #notePause(d: Deployment): Promise<Deployment> {
    if (!hasProgressDeadline(d)) return d;
    const current = findCondition(d.status?.conditions, "Progressing");
    if (current?.reason === "ProgressDeadlineExceeded") return d;
    const wasPaused = current?.reason === "DeploymentPaused";
    const paused = d.spec.paused === true;
    if (paused === wasPaused) return d;
    const [reason, text] = paused
      ? ["DeploymentPaused", "Deployment is paused"]
      : ["DeploymentResumed", "Deployment is resumed"];
    const next = condition("Progressing", "Unknown", reason, text, this.#parts.now());
    const conditions = setCondition(d.status?.conditions, next);
    return await this.#parts.client.updateStatus(deployments, { ...d, status: { ...d.status, conditions } });
  }

  /** False when there was nothing to write. */
  async #writeStatus(d: Deployment, status: Deployment["status"]): Promise<boolean> {
    if (semanticEqual(d.status, status)) return false;
    await this.#parts.client.updateStatus(deployments, { ...d, ...(status === undefined ? {} : { status }) });
    return true;
  }
}

function everySet(rollout: Rollout): readonly ReplicaSet[] {
  return rollout.newRs === undefined ? rollout.old : [...rollout.old, rollout.newRs];
}

/** True when an active set was last sized for another number of replicas. */
function isScaling(d: Deployment, sets: readonly ReplicaSet[]): boolean {
  return active(sets).some((rs) => {
    const wanted = numberAnnotation(rs, DESIRED_ANNOTATION);
    return wanted !== undefined && wanted !== desiredReplicas(d);
  });
}
