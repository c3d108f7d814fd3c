import { selectorOf } from "#pkg/api/index.ts";
import { deployments, replicasets, statefulsets } from "#pkg/api/types/apps-v1.ts";
import type { Scale } from "#pkg/api/types/autoscaling-v1.ts";
import { type Pod, type PodCondition, pods, replicationcontrollers } from "#pkg/api/types/core-v1.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";
import { type PodDisruptionBudget, poddisruptionbudgets } from "#pkg/api/types/policy-v1.ts";
import { type Client, type Informer, keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { controllerOf, isPodReady, sameLabels, scaledValue, semanticEqual, timestamp } from "../objects/index.ts";
import { messageOf } from "../pod-control.ts";

// A pod that an eviction was granted for and that lives on after this is counted again.
const DELETION_TIMEOUT_MS = 2 * 60_000;
/** Begins the keys of pods in the queue; those of budgets are plain. */
const STALE = "stale pod ";

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
      sync: (key, signal) => this.#sync(key, signal),
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
    const mayBeStale = (pod: Pod): void => {
      if (disruptionOf(pod) !== undefined) this.queue.add(STALE + keyOf(pod));
    };
    podInformer.addHandler({
      add: (pod) => {
        changed(pod);
        mayBeStale(pod);
      },
      update: (pod, before) => {
        changed(pod);
        mayBeStale(pod);
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

  async #sync(key: string, signal: AbortSignal): Promise<{ requeueAfterMs: number } | undefined> {
    if (key.startsWith(STALE)) return await this.#resetStale(key.slice(STALE.length));
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
      expected = await this.#expected(budget, covered, signal);
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

  async #expected(
    budget: PodDisruptionBudget,
    covered: readonly Pod[],
    signal: AbortSignal,
  ): Promise<{ readonly count: number; readonly healthy: number }> {
    const { maxUnavailable, minAvailable } = budget.spec ?? {};
    if (maxUnavailable !== undefined) {
      const count = await this.#expectedScale(budget, covered, signal);
      return { count, healthy: Math.max(0, count - scaledValue(maxUnavailable, count, "up")) };
    }
    if (typeof minAvailable === "string") {
      const count = await this.#expectedScale(budget, covered, signal);
      return { count, healthy: scaledValue(minAvailable, count, "up") };
    }
    return { count: covered.length, healthy: minAvailable ?? 0 };
  }

  /** What the controllers of the pods are scaled to, each once. A pod whose controller is unknown cannot be counted. */
  async #expectedScale(budget: PodDisruptionBudget, covered: readonly Pod[], signal: AbortSignal): Promise<number> {
    const scales = new Map<string, number>();
    let unmanaged = 0;
    for (const pod of covered) {
      let ref = controllerOf(pod);
      if (ref === undefined) {
        unmanaged++;
        continue;
      }
      if (scales.has(ref.uid)) continue;
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
        if (this.#scales.some(({ kind }) => kind === ref?.kind)) continue;
        const replicas = await scaleOfOther(this.#parts.client, namespace, ref, signal);
        if (replicas === undefined) throw new Error(`found no controllers for pod "${pod.metadata.name}"`);
        found = { replicas };
      }
      scales.set(ref.uid, found.replicas);
    }
    if (unmanaged > 0) {
      const selector = selectorOf(budget.spec?.selector).toString();
      const text = `Pods selected by this PodDisruptionBudget (selector: ${selector}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`;
      const about = { resource: poddisruptionbudgets, object: budget };
      this.#parts.recorder.event(about, "Warning", "UnmanagedPods", text);
    }
    return [...scales.values()].reduce((sum, replicas) => sum + replicas, 0);
  }

  /** Takes back that a pod is going, where it was said and the pod still is there two minutes later. */
  async #resetStale(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const pod = this.#pods.lister.getByKey(key);
    const said = pod === undefined ? undefined : disruptionOf(pod);
    if (pod === undefined || said === undefined) return undefined;
    const now = this.#parts.now();
    const left = Date.parse(said.lastTransitionTime ?? "") + DELETION_TIMEOUT_MS - now;
    if (left > 0) return { requeueAfterMs: left };
    const conditions = (pod.status?.conditions ?? []).map((condition) =>
      condition === said ? { type: said.type, status: "False", lastTransitionTime: timestamp(now) } : condition,
    );
    await this.#parts.client.updateStatus(pods, { ...pod, status: { ...pod.status, conditions } });
    return undefined;
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

/** That a pod is about to end by an eviction or preemption, while nothing has come of it yet. */
function disruptionOf(pod: Pod): PodCondition | undefined {
  const { phase, conditions } = pod.status ?? {};
  if (pod.metadata.deletionTimestamp !== undefined || phase === "Succeeded" || phase === "Failed") return undefined;
  const said = conditions?.find(({ type }) => type === "DisruptionTarget");
  // What the node says of its own pods holds.
  return said?.status === "True" && said.reason !== "TerminationByKubelet" ? said : undefined;
}

/** What a controller of any other kind is scaled to, when its kind can be scaled. */
async function scaleOfOther(
  client: Client,
  namespace: string,
  ref: OwnerReference,
  signal: AbortSignal,
): Promise<number | undefined> {
  const path = ref.apiVersion.includes("/") ? `/apis/${ref.apiVersion}` : `/api/${ref.apiVersion}`;
  try {
    const { resources } = (await client.raw({ method: "GET", path, signal })) as {
      readonly resources: readonly { readonly name: string; readonly kind: string }[];
    };
    const plural = resources.find(({ name, kind }) => kind === ref.kind && !name.includes("/"))?.name;
    if (plural === undefined || !resources.some(({ name }) => name === `${plural}/scale`)) return undefined;
    const at = `${path}/namespaces/${namespace}/${plural}/${encodeURIComponent(ref.name)}/scale`;
    const scale = (await client.raw({ method: "GET", path: at, signal })) as Scale;
    return scale.metadata?.uid === ref.uid ? (scale.spec?.replicas ?? 0) : undefined;
  } catch (err) {
    if (isNotFound(err)) return undefined;
    throw err;
  }
}

interface Scalable {
  readonly metadata: { readonly namespace?: string };
  readonly spec?: { readonly replicas?: number };
}
