import { selectorOf } from "#pkg/api/index.ts";
import { deployments, replicasets, statefulsets } from "#pkg/api/types/apps-v1.ts";
import { type Pod, pods, replicationcontrollers } from "#pkg/api/types/core-v1.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";
import { type PodDisruptionBudget, poddisruptionbudgets } from "#pkg/api/types/policy-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { controllerOf, isPodReady, sameLabels, scaledValue, semanticEqual, timestamp } from "../objects/index.ts";
import { messageOf } from "../pod-control.ts";

// A pod that an eviction was granted for and that lives on after this is counted again.
const DELETION_TIMEOUT_MS = 2 * 60_000;

/** Works out how many pods of each budget may be evicted now. Reads pods and their controllers; writes PDB status. */
export class DisruptionController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #budgets: Informer<PodDisruptionBudget>;
  readonly #pods: Informer<Pod>;
  readonly #scales: readonly {
    readonly kind: string;
    readonly replicas: (
      namespace: string,
      ref: OwnerReference,
    ) => { replicas: number; owner?: OwnerReference } | undefined;
  }[];

  constructor(parts: ControllerParts) {
    const budgets = parts.informers.informer(poddisruptionbudgets);
    const podInformer = parts.informers.informer(pods);
    const workloads = [
      parts.informers.informer(replicasets),
      parts.informers.informer(deployments),
      parts.informers.informer(statefulsets),
      parts.informers.informer(replicationcontrollers),
    ] as const;
    super({
      name: "disruption",
      informers: [budgets, podInformer, ...workloads],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#budgets = budgets;
    this.#pods = podInformer;
    this.#scales = workloads.map((informer) => ({
      kind: informer.resource.kind,
      replicas: (namespace, { name, uid }) => {
        const found = informer.lister.get({ namespace, name });
        if (found === undefined || found.metadata.uid !== uid) return undefined;
        const owner = controllerOf(found);
        return { replicas: found.spec?.replicas ?? 1, ...(owner === undefined ? {} : { owner }) };
      },
    }));
    const enqueue = (budget: PodDisruptionBudget): void => this.queue.add(keyOf(budget));
    budgets.addHandler({ add: enqueue, update: enqueue });
    const changed = (pod: Pod): void => {
      for (const budget of budgets.lister.list(pod.metadata.namespace)) {
        if (selectorOf(budget.spec?.selector).matches(pod.metadata.labels)) enqueue(budget);
      }
    };
    podInformer.addHandler({
      add: changed,
      update: (pod, before) => {
        changed(pod);
        if (!sameLabels(pod.metadata.labels, before.metadata.labels)) changed(before);
      },
      delete: changed,
    });
    // A controller that is scaled changes what is expected before any pod does.
    const scaled = ({ metadata }: { readonly metadata: { readonly namespace?: string } }): void =>
      budgets.lister.list(metadata.namespace).forEach(enqueue);
    for (const informer of workloads as readonly Informer<Scalable>[]) {
      informer.addHandler({
        update: (object, before) => {
          if (object.spec?.replicas !== before.spec?.replicas) scaled(object);
        },
      });
    }
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const budget = this.#budgets.lister.getByKey(key);
    if (budget === undefined) return undefined;
    const about = { resource: poddisruptionbudgets, object: budget };
    const selector = selectorOf(budget.spec?.selector);
    const covered = this.#pods.lister
      .list(budget.metadata.namespace ?? "")
      .filter((pod) => selector.matches(pod.metadata.labels));
    if (covered.length === 0) this.#parts.recorder.event(about, "Normal", "NoPods", "No matching pods found");
    let expected: { readonly count: number; readonly healthy: number };
    try {
      expected = this.#expected(budget, covered);
    } catch (err) {
      const text = `Failed to calculate the number of expected pods: ${messageOf(err)}`;
      this.#parts.recorder.event(about, "Warning", "CalculateExpectedPodCountFailed", text);
      await this.#write(budget, {
        ...(budget.status ?? { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
        disruptionsAllowed: 0,
        observedGeneration: budget.metadata.generation ?? 0,
        conditions: this.#condition(budget, "False", "SyncFailed", messageOf(err)),
      });
      throw err;
    }
    const now = this.#parts.now();
    const { disrupted, recheckMs } = this.#disrupted(budget, covered, now);
    const healthy = covered.filter(
      (pod) => pod.metadata.deletionTimestamp === undefined && !(pod.metadata.name in disrupted) && isPodReady(pod),
    ).length;
    const allowed = expected.count <= 0 ? 0 : Math.max(0, healthy - expected.healthy);
    await this.#write(budget, {
      currentHealthy: healthy,
      desiredHealthy: expected.healthy,
      expectedPods: expected.count,
      disruptionsAllowed: allowed,
      ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
      observedGeneration: budget.metadata.generation ?? 0,
      conditions:
        allowed > 0
          ? this.#condition(budget, "True", "SufficientPods", "")
          : this.#condition(budget, "False", "InsufficientPods", ""),
    });
    return recheckMs === undefined ? undefined : { requeueAfterMs: recheckMs };
  }

  #expected(
    budget: PodDisruptionBudget,
    covered: readonly Pod[],
  ): { readonly count: number; readonly healthy: number } {
    const { maxUnavailable, minAvailable } = budget.spec ?? {};
    if (maxUnavailable !== undefined) {
      const count = this.#expectedScale(covered);
      return { count, healthy: Math.max(0, count - scaledValue(maxUnavailable, count, "up")) };
    }
    if (typeof minAvailable === "string") {
      const count = this.#expectedScale(covered);
      return { count, healthy: scaledValue(minAvailable, count, "up") };
    }
    return { count: covered.length, healthy: minAvailable ?? 0 };
  }

  /** What the controllers of the pods are scaled to, each once. A pod whose controller is unknown cannot be counted. */
  #expectedScale(covered: readonly Pod[]): number {
    const scales = new Map<string, number>();
    for (const pod of covered) {
      let ref = controllerOf(pod);
      if (ref === undefined) continue;
      const namespace = pod.metadata.namespace ?? "";
      let found = this.#scaleOf(namespace, ref);
      // A deployment's number counts rather than that of each of its sets.
      if (found?.owner !== undefined) {
        const above = this.#scaleOf(namespace, found.owner);
        if (above !== undefined) {
          ref = found.owner;
          found = above;
        }
      }
      if (found === undefined) {
        if (this.#scales.some(({ kind }) => kind === ref.kind)) continue;
        throw new Error(`found no controllers for pod "${pod.metadata.name}"`);
      }
      scales.set(ref.uid, found.replicas);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  #scaleOf(namespace: string, ref: OwnerReference): { replicas: number; owner?: OwnerReference } | undefined {
    return this.#scales.find(({ kind }) => kind === ref.kind)?.replicas(namespace, ref);
  }

  /** Evictions that were granted and are under way. */
  #disrupted(
    budget: PodDisruptionBudget,
    covered: readonly Pod[],
    now: number,
  ): { readonly disrupted: Record<string, string>; readonly recheckMs?: number } {
    const disrupted: Record<string, string> = {};
    let recheckMs: number | undefined;
    for (const [name, since] of Object.entries(budget.status?.disruptedPods ?? {})) {
      const pod = covered.find((p) => p.metadata.name === name);
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      const left = Date.parse(since) + DELETION_TIMEOUT_MS - now;
      if (left <= 0) {
        const text = `Pod was expected by PDB ${keyOf(budget)} to be deleted but it wasn't`;
        this.#parts.recorder.event({ resource: pods, object: pod }, "Warning", "NotDeleted", text);
        continue;
      }
      disrupted[name] = since;
      recheckMs = Math.min(recheckMs ?? left, left);
    }
    return { disrupted, ...(recheckMs === undefined ? {} : { recheckMs }) };
  }

  #condition(
    budget: PodDisruptionBudget,
    status: "True" | "False",
    reason: string,
    message: string,
  ): NonNullable<NonNullable<PodDisruptionBudget["status"]>["conditions"]> {
    const before = budget.status?.conditions ?? [];
    const current = before.find((c) => c.type === "DisruptionAllowed");
    const next = {
      type: "DisruptionAllowed",
      status,
      reason,
      message,
      observedGeneration: budget.metadata.generation ?? 0,
      lastTransitionTime: current?.status === status ? current.lastTransitionTime : timestamp(this.#parts.now()),
    };
    return [...before.filter((c) => c.type !== "DisruptionAllowed"), next];
  }

  async #write(budget: PodDisruptionBudget, status: NonNullable<PodDisruptionBudget["status"]>): Promise<void> {
    if (semanticEqual(status, budget.status)) return;
    await this.#parts.client.updateStatus(poddisruptionbudgets, { ...budget, status });
  }
}

interface Scalable {
  readonly metadata: { readonly namespace?: string };
  readonly spec?: { readonly replicas?: number };
}
