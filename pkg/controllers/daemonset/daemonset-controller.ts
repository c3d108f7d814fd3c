import { isEmptySelector } from "#pkg/api/field-checks.ts";
import { selectorOf } from "#pkg/api/index.ts";
import { type ControllerRevision, controllerrevisions, type DaemonSet, daemonsets } from "#pkg/api/types/apps-v1.ts";
import { type Node, nodes, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { Expectations, type Informer, keyOf } from "#pkg/client/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import { claim } from "../claim.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { type History, REVISION_HASH, syncHistory, truncateHistory } from "../history/index.ts";
import { addOwnerIndexes, claimable } from "../informer-indexes.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import {
  controllerOf,
  controllerRefTo,
  isPodAvailable,
  isPodReady,
  sameLabels,
  semanticEqual,
} from "../objects/index.ts";
import { PodControl, podFromTemplate } from "../pod-control.ts";
import { slowStartBatch } from "../slow-start.ts";
import { nodeFit, templateForNode } from "./node-fit.ts";
import { type DaemonPlan, daemonStatus, planNodes, planUpdate } from "./plan.ts";

const BURST = 250;

/** One pod on every node that fits. Reads DaemonSets, nodes, pods; writes pods, ControllerRevisions and status. */
export class DaemonSetController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #sets: Informer<DaemonSet>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #control: PodControl;
  // Creations and deletions of one sync are awaited side by side.
  readonly #creations: Expectations;
  readonly #deletions: Expectations;

  constructor(parts: ControllerParts) {
    const sets = parts.informers.informer(daemonsets);
    const podInformer = parts.informers.informer(pods);
    const nodeInformer = parts.informers.informer(nodes);
    const revisions = parts.informers.informer(controllerrevisions);
    super({
      name: "daemonset",
      informers: [sets, podInformer, nodeInformer, revisions],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#sets = sets;
    this.#pods = podInformer;
    this.#nodes = nodeInformer;
    this.#revisions = revisions;
    this.#control = new PodControl(parts);
    this.#creations = new Expectations({ now: parts.now });
    this.#deletions = new Expectations({ now: parts.now });
    addOwnerIndexes(podInformer);
    addOwnerIndexes(revisions);
    const enqueue = (ds: DaemonSet): void => this.queue.add(keyOf(ds));
    sets.addHandler({
      add: enqueue,
      update: enqueue,
      delete: (ds) => {
        this.#creations.delete(keyOf(ds));
        this.#deletions.delete(keyOf(ds));
      },
    });
    podInformer.addHandler({
      add: (pod) => {
        if (pod.metadata.deletionTimestamp !== undefined) return this.#podGone(pod);
        const ds = this.#setOf(pod);
        if (ds !== undefined) this.#creations.creationObserved(keyOf(ds));
        this.#enqueueOwner(pod);
      },
      update: (pod, before) => {
        if (pod.metadata.deletionTimestamp !== undefined) return this.#podGone(pod);
        if (controllerOf(pod)?.uid !== controllerOf(before)?.uid) this.#enqueueOwner(before);
        if (controllerOf(pod) !== undefined || !sameLabels(pod.metadata.labels, before.metadata.labels)) {
          this.#enqueueOwner(pod);
        }
      },
      delete: (pod) => this.#podGone(pod),
    });
    nodeInformer.addHandler({
      add: (node) => this.#nodeChanged(node),
      update: (node, before) => {
        if (
          !sameLabels(node.metadata.labels, before.metadata.labels) ||
          !semanticEqual(node.spec.taints, before.spec.taints)
        ) {
          this.#nodeChanged(node, before);
        }
      },
      delete: () => sets.lister.list().forEach(enqueue),
    });
  }

  #nodeChanged(node: Node, before?: Node): void {
    for (const ds of this.#sets.lister.values()) {
      const now = nodeFit(ds.spec.template, node);
      const then = before === undefined ? { run: false, stay: false } : nodeFit(ds.spec.template, before);
      if (now.run !== then.run || now.stay !== then.stay) this.queue.add(keyOf(ds));
    }
  }

  #setOf(pod: Pod): DaemonSet | undefined {
    const ref = controllerOf(pod);
    if (ref?.kind !== "DaemonSet") return undefined;
    const ds = this.#sets.lister.get({ namespace: pod.metadata.namespace ?? "", name: ref.name });
    return ds?.metadata.uid === ref.uid ? ds : undefined;
  }

  #podGone(pod: Pod): void {
    const ds = this.#setOf(pod);
    if (ds === undefined) return;
    this.#deletions.deletionObserved(keyOf(ds), pod.metadata.uid);
    this.queue.add(keyOf(ds));
  }

  #enqueueOwner(pod: Pod): void {
    const ds = this.#setOf(pod);
    if (ds !== undefined) this.queue.add(keyOf(ds));
    else if (controllerOf(pod) === undefined) {
      for (const other of this.#sets.lister.list(pod.metadata.namespace)) {
        if (selectorOf(other.spec.selector).matches(pod.metadata.labels)) this.queue.add(keyOf(other));
      }
    }
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const ds = this.#sets.lister.getByKey(key);
    if (ds === undefined || ds.metadata.deletionTimestamp !== undefined) return undefined;
    const about = { resource: daemonsets, object: ds };
    if (isEmptySelector(ds.spec.selector)) {
      const text = "This daemon set is selecting all pods. A non-empty selector is required.";
      this.#parts.recorder.event(about, "Warning", "SelectingAll", text);
      return undefined;
    }
    const history = await this.#history(ds);
    const hash = history.current.metadata.labels?.[REVISION_HASH] ?? "";
    const mine = await this.#podsOf(ds);
    const view = { ds, nodes: this.#nodes.lister.list(), pods: mine, hash, now: this.#parts.now() };
    if (this.#isSettled(key)) {
      const plan = planNodes(view);
      for (const pod of plan.ended) {
        const [reason, how] =
          pod.status?.phase === "Failed" ? ["FailedDaemonPod", "failed"] : ["SucceededDaemonPod", "succeeded"];
        const text = `Found ${how} daemon pod ${keyOf(pod)} on node ${pod.spec.nodeName ?? ""}, will try to kill it`;
        this.#parts.recorder.event(about, reason === "FailedDaemonPod" ? "Warning" : "Normal", reason, text);
      }
      await this.#carryOut(key, ds, plan, hash);
      if (this.#isSettled(key) && ds.spec.updateStrategy?.type !== "OnDelete") {
        await this.#carryOut(key, ds, planUpdate(view), hash);
      }
      const live = new Set(mine.map((pod) => pod.metadata.labels?.[REVISION_HASH] ?? ""));
      await truncateHistory(this.#parts.client, history.old, live, ds.spec.revisionHistoryLimit ?? 10);
    }
    const status = daemonStatus(view);
    if (!semanticEqual(status, ds.status)) await this.#parts.client.updateStatus(daemonsets, { ...ds, status });
    return this.#nextLook(ds, mine, view.now);
  }

  /** Ready pods become available by time alone. */
  #nextLook(ds: DaemonSet, mine: readonly Pod[], now: number): { requeueAfterMs: number } | undefined {
    const minReady = ds.spec.minReadySeconds ?? 0;
    if (minReady === 0) return undefined;
    const waiting = mine.some((pod) => isPodReady(pod) && !isPodAvailable(pod, minReady, now));
    return waiting ? { requeueAfterMs: 1000 } : undefined;
  }

  #isSettled(key: string): boolean {
    return this.#creations.satisfied(key) && this.#deletions.satisfied(key);
  }

  async #history(ds: DaemonSet): Promise<History> {
    const existing = await claim({
      client: this.#parts.client,
      owner: ds,
      ownerResource: daemonsets,
      resource: controllerrevisions,
      candidates: claimable(this.#revisions, ds),
      selector: selectorOf(ds.spec.selector),
    });
    try {
      return await syncHistory(
        this.#parts.client,
        {
          resource: daemonsets,
          object: ds,
          template: ds.spec.template,
          selectorLabels: ds.spec.template.metadata?.labels ?? {},
          collisionCount: ds.status?.collisionCount,
        },
        existing,
      );
    } catch (err) {
      if (isAlreadyExists(err)) {
        const collisionCount = (ds.status?.collisionCount ?? 0) + 1;
        await this.#parts.client.updateStatus(daemonsets, { ...ds, status: { ...emptyStatus(ds), collisionCount } });
      }
      throw err;
    }
  }

  #podsOf(ds: DaemonSet): Promise<Pod[]> {
    return claim({
      client: this.#parts.client,
      owner: ds,
      ownerResource: daemonsets,
      resource: pods,
      candidates: claimable(this.#pods, ds),
      selector: selectorOf(ds.spec.selector),
    });
  }

  async #carryOut(key: string, ds: DaemonSet, plan: DaemonPlan, hash: string): Promise<void> {
    const owner = { resource: daemonsets, object: ds };
    const create = plan.create.slice(0, BURST);
    const remove = plan.remove.slice(0, BURST);
    if (create.length === 0 && remove.length === 0) return;
    this.#creations.expectCreations(key, create.length);
    this.#deletions.expectDeletions(
      key,
      remove.map((pod) => pod.metadata.uid),
    );
    const ref = controllerRefTo(daemonsets, ds);
    const { succeeded, error } = await slowStartBatch(create.length, async (i) => {
      const template = templateForNode(ds.spec.template, create[i] ?? "");
      const labels = { ...template.metadata?.labels, [REVISION_HASH]: hash };
      const pod = podFromTemplate(template, ds, ref);
      await this.#control.create(owner, { ...pod, metadata: { ...pod.metadata, labels } });
    });
    for (let i = succeeded; i < create.length; i++) this.#creations.creationObserved(key);
    let failure = error;
    await Promise.all(
      remove.map(async (pod) => {
        try {
          if (await this.#control.delete(owner, pod)) return;
        } catch (err) {
          if (!isNotFound(err)) failure ??= err;
        }
        this.#deletions.deletionObserved(key, pod.metadata.uid);
      }),
    );
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
  }
}

function emptyStatus(ds: DaemonSet): NonNullable<DaemonSet["status"]> {
  return ds.status ?? { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
}
