import { selectorOf } from "#pkg/api/index.ts";
import { type Job, type JobCondition, jobs, type JobStatus } from "#pkg/api/types/batch-v1.ts";
import { type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { Expectations, type Informer, keyOf } from "#pkg/client/index.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import { claim } from "../claim.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { addOwnerIndexes, claimable } from "../informer-indexes.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import {
  controllerOf,
  findCondition,
  isPodReady,
  isPodTerminating,
  omitZero,
  semanticEqual,
  setCondition,
  timestamp,
} from "../objects/index.ts";
import { PodControl } from "../pod-control.ts";
import { podsToDelete } from "../replicaset/deletion-order.ts";
import { slowStartBatch } from "../slow-start.ts";
import { backoffMs } from "./backoff.ts";
import { formatIndexes } from "./index-set.ts";
import {
  hasFailed,
  INDEX_FAILURES,
  indexOf,
  isIndexed,
  isTracked,
  jobPod,
  replacesOnlyEnded,
  TRACKING,
} from "./job-pod.ts";
import { activePods, type Outcome, outcomeOf, type Tally, wantedActive } from "./outcome.ts";
import { type Counted, countedStatus, countPods } from "./tracking.ts";

const CONTROLLER = "kubernetes.io/job-controller";
const BURST = 500;

/** Runs pods to completion and counts their ends. Reads jobs and pods; writes pods and the jobs' status. */
export class JobController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;
  readonly #control: PodControl;
  readonly #creations: Expectations;
  readonly #deletions: Expectations;
  /** Uids of pods whose finalizer was removed, until the informer shows it; by job key. */
  readonly #released = new Map<string, Set<string>>();

  constructor(parts: ControllerParts) {
    const jobInformer = parts.informers.informer(jobs);
    const podInformer = parts.informers.informer(pods);
    super({ name: "job", informers: [jobInformer, podInformer], log: parts.log, sync: (key) => this.#sync(key) });
    this.#parts = parts;
    this.#jobs = jobInformer;
    this.#pods = podInformer;
    this.#control = new PodControl(parts);
    this.#creations = new Expectations({ now: parts.now });
    this.#deletions = new Expectations({ now: parts.now });
    addOwnerIndexes(podInformer);
    const enqueue = (job: Job): void => this.queue.add(keyOf(job));
    jobInformer.addHandler({
      add: enqueue,
      update: enqueue,
      delete: (job) => {
        this.#creations.delete(keyOf(job));
        this.#deletions.delete(keyOf(job));
        this.#released.delete(keyOf(job));
        enqueue(job);
      },
    });
    podInformer.addHandler({
      add: (pod) => this.#podChanged(pod, "added"),
      update: (pod) => this.#podChanged(pod, pod.metadata.deletionTimestamp === undefined ? "changed" : "gone"),
      delete: (pod) => this.#podChanged(pod, "gone"),
    });
  }

  #podChanged(pod: Pod, how: "added" | "changed" | "gone"): void {
    const ref = controllerOf(pod);
    if (ref?.kind !== "Job") {
      // The finalizer of a pod that lost its job would keep it for ever.
      if (ref === undefined && isTracked(pod)) this.queue.add(`orphan:${keyOf(pod)}`);
      return;
    }
    const key = `${pod.metadata.namespace ?? ""}/${ref.name}`;
    const job = this.#jobs.lister.getByKey(key);
    if (job?.metadata.uid !== ref.uid) {
      if (isTracked(pod)) this.queue.add(`orphan:${keyOf(pod)}`);
      return;
    }
    if (how === "added") this.#creations.creationObserved(key);
    if (how === "gone") this.#deletions.deletionObserved(key, pod.metadata.uid);
    if (!isTracked(pod)) this.#released.get(key)?.delete(pod.metadata.uid);
    // Ends come in bursts and each costs a status write: wait a moment for more.
    if (how === "changed") this.queue.addAfter(key, 50);
    else this.queue.add(key);
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    if (key.startsWith("orphan:")) return await this.#releaseOrphan(key.slice("orphan:".length));
    const job = this.#jobs.lister.getByKey(key);
    if (job === undefined || isFinished(job)) {
      if (job !== undefined) for (const pod of this.#podsOf(job)) if (isTracked(pod)) await this.#release(key, [pod]);
      return undefined;
    }
    if ((job.spec.managedBy ?? CONTROLLER) !== CONTROLLER) return undefined;
    const mine = await claim({
      client: this.#parts.client,
      owner: job,
      ownerResource: jobs,
      resource: pods,
      candidates: claimable(this.#pods, job),
      selector: selectorOf(job.spec.selector),
    });
    return await this.#run(key, job, mine);
  }

  #podsOf(job: Job): Pod[] {
    return claimable(this.#pods, job).filter((pod) => controllerOf(pod)?.uid === job.metadata.uid);
  }

  async #run(key: string, job: Job, mine: readonly Pod[]): Promise<{ requeueAfterMs: number } | undefined> {
    const now = this.#parts.now();
    const counted = countPods(job, mine, this.#released.get(key) ?? new Set());
    const tally: Tally = {
      active: activePods(mine),
      succeeded: counted.succeeded + counted.uncounted.succeeded.length,
      failed: counted.failed + counted.uncounted.failed.length,
      completed: counted.completed,
      failedIndexes: counted.failedIndexes,
    };
    const suspended = job.spec.suspend === true;
    const outcome = pendingOutcome(job) ?? outcomeOf(job, mine, tally, now);
    let active = tally.active.length;
    let requeueAfterMs: number | undefined;
    let failure: unknown;
    if (outcome !== undefined || suspended) {
      // Pods of a job that ended count as failed; those of a suspended one do not.
      if (outcome === undefined) await this.#release(key, tally.active);
      active -= await this.#deletePods(key, job, tally.active);
    } else if (this.#isSettled(key) && job.metadata.deletionTimestamp === undefined) {
      try {
        const changed = await this.#resize(key, job, mine, tally, now);
        active += changed.added;
        requeueAfterMs = changed.waitMs;
      } catch (err) {
        failure = err;
      }
    }
    await this.#writeStatus(job, mine, { counted, active, outcome, now });
    await this.#release(key, counted.release);
    if (failure !== undefined && !isNamespaceTerminating(failure)) throw failure;
    const deadline = deadlineMs(job, now);
    const wait = Math.min(requeueAfterMs ?? Infinity, deadline ?? Infinity);
    return Number.isFinite(wait) ? { requeueAfterMs: wait } : undefined;
  }

  #isSettled(key: string): boolean {
    return this.#creations.satisfied(key) && this.#deletions.satisfied(key);
  }

  async #resize(
    key: string,
    job: Job,
    mine: readonly Pod[],
    tally: Tally,
    now: number,
  ): Promise<{ readonly added: number; readonly waitMs?: number }> {
    const want = wantedActive(job, tally);
    const surplus = tally.active.length - want;
    if (surplus > 0) {
      const chosen = podsToDelete(tally.active, [], surplus, now);
      // Without the finalizer nothing counts their end as a failure.
      await this.#release(key, chosen);
      return { added: -(await this.#deletePods(key, job, chosen)) };
    }
    const ending = replacesOnlyEnded(job) ? mine.filter(isPodTerminating).length : 0;
    const missing = Math.min(-surplus - ending, BURST);
    if (missing <= 0) return { added: 0 };
    const failed = mine.filter((pod) => hasFailed(pod, job));
    if (job.spec.backoffLimitPerIndex === undefined) {
      const waitMs = backoffMs(
        failed,
        mine.filter((pod) => pod.status?.phase === "Succeeded"),
        now,
      );
      if (waitMs > 0) return { added: 0, waitMs };
    }
    return await this.#create(key, job, missing, { mine, failed, tally, now });
  }

  async #create(
    key: string,
    job: Job,
    missing: number,
    state: {
      readonly mine: readonly Pod[];
      readonly failed: readonly Pod[];
      readonly tally: Tally;
      readonly now: number;
    },
  ): Promise<{ readonly added: number; readonly waitMs?: number }> {
    const owner = { resource: jobs, object: job };
    let fresh = Array.from({ length: missing }, () => jobPod(job));
    let waitMs: number | undefined;
    if (isIndexed(job)) {
      const next = nextIndexes(job, missing, state);
      fresh = next.pods;
      waitMs = next.waitMs;
    }
    this.#creations.expectCreations(key, fresh.length);
    const { succeeded, error } = await slowStartBatch(fresh.length, async (i) => {
      const pod = fresh[i];
      if (pod !== undefined) await this.#control.create(owner, pod);
    });
    for (let i = succeeded; i < fresh.length; i++) this.#creations.creationObserved(key);
    if (error !== undefined) throw error;
    return { added: succeeded, ...(waitMs === undefined ? {} : { waitMs }) };
  }

  async #deletePods(key: string, job: Job, surplus: readonly Pod[]): Promise<number> {
    if (surplus.length === 0) return 0;
    this.#deletions.expectDeletions(
      key,
      surplus.map((pod) => pod.metadata.uid),
    );
    let deleted = 0;
    let failure: unknown;
    await Promise.all(
      surplus.map(async (pod) => {
        try {
          if (await this.#control.delete({ resource: jobs, object: job }, pod)) deleted++;
          else this.#deletions.deletionObserved(key, pod.metadata.uid);
        } catch (err) {
          this.#deletions.deletionObserved(key, pod.metadata.uid);
          failure ??= err;
        }
      }),
    );
    if (failure !== undefined) throw failure;
    return deleted;
  }

  async #writeStatus(
    job: Job,
    mine: readonly Pod[],
    to: {
      readonly counted: Counted;
      readonly active: number;
      readonly outcome: Outcome | undefined;
      readonly now: number;
    },
  ): Promise<void> {
    const { counted, outcome, now } = to;
    const suspended = job.spec.suspend === true && outcome === undefined;
    const settled = counted.uncounted.succeeded.length + counted.uncounted.failed.length + counted.release.length === 0;
    const terminating = mine.filter(isPodTerminating).length;
    const ended = outcome !== undefined && settled && terminating === 0 && to.active <= 0;
    const conditions = this.#conditions(job, outcome, ended);
    const wasSuspended = findCondition(job.status?.conditions, "Suspended")?.status === "True";
    const started = suspended ? undefined : wasSuspended ? timestamp(now) : (job.status?.startTime ?? timestamp(now));
    const status: JobStatus = omitZero(
      {
        ...(conditions.length === 0 ? {} : { conditions }),
        ...(started === undefined ? {} : { startTime: started }),
        active: Math.max(0, to.active),
        ready: activePods(mine).filter(isPodReady).length,
        terminating,
        ...countedStatus(counted),
        ...(isIndexed(job) ? { completedIndexes: formatIndexes(counted.completed) } : {}),
        ...(isIndexed(job) && job.spec.backoffLimitPerIndex !== undefined
          ? { failedIndexes: formatIndexes(counted.failedIndexes) }
          : {}),
        ...(ended && outcome.type === "Complete" ? { completionTime: timestamp(now) } : {}),
      },
      ["ready", "terminating"],
    );
    if (semanticEqual(status, job.status)) return;
    await this.#parts.client.updateStatus(jobs, { ...job, status });
    const about = { resource: jobs, object: job };
    if (suspended && !wasSuspended) this.#parts.recorder.event(about, "Normal", "Suspended", "Job suspended");
    if (!suspended && wasSuspended && outcome === undefined) {
      this.#parts.recorder.event(about, "Normal", "Resumed", "Job resumed");
    }
    if (!ended) return;
    if (outcome.type === "Complete") this.#parts.recorder.event(about, "Normal", "Completed", "Job completed");
    else this.#parts.recorder.event(about, "Warning", outcome.reason, outcome.message);
  }

  /** The end is announced (SuccessCriteriaMet, FailureTarget) before it is declared, when all pods have ended. */
  #conditions(job: Job, outcome: Outcome | undefined, ended: boolean): readonly JobCondition[] {
    const at = timestamp(this.#parts.now());
    const make = (type: string, status: string, reason: string, message: string): JobCondition => ({
      type,
      status,
      reason,
      message,
      lastProbeTime: at,
      lastTransitionTime: at,
    });
    let conditions = job.status?.conditions ?? [];
    if (outcome !== undefined) {
      const early = outcome.type === "Complete" ? "SuccessCriteriaMet" : "FailureTarget";
      conditions = setCondition(conditions, make(early, "True", outcome.reason, outcome.message));
      return ended ? setCondition(conditions, make(outcome.type, "True", outcome.reason, outcome.message)) : conditions;
    }
    const suspended = findCondition(conditions, "Suspended")?.status === "True";
    if (job.spec.suspend === true) {
      return setCondition(conditions, make("Suspended", "True", "JobSuspended", "Job suspended"));
    }
    return suspended ? setCondition(conditions, make("Suspended", "False", "JobResumed", "Job resumed")) : conditions;
  }

  /** Removes the finalizer: the pods are accounted for, or need not be. */
  async #release(key: string, ended: readonly Pod[]): Promise<void> {
    await Promise.all(
      ended.map(async (pod) => {
        const finalizers = (pod.metadata.finalizers ?? []).filter((f) => f !== TRACKING);
        const { namespace = "", name, uid, resourceVersion } = pod.metadata;
        try {
          await this.#parts.client.patch(pods, { namespace, name }, "application/merge-patch+json", {
            metadata: { uid, resourceVersion, finalizers },
          });
        } catch (err) {
          // Changed meanwhile: its event brings us back.
          if (isConflict(err)) return;
          if (!isNotFound(err)) throw err;
        }
        if (this.#pods.lister.get({ namespace, name })?.metadata.uid !== uid) return;
        const released = this.#released.get(key);
        if (released === undefined) this.#released.set(key, new Set([uid]));
        else released.add(uid);
      }),
    );
    if (ended.length > 0) this.queue.addAfter(key, 20);
  }

  async #releaseOrphan(key: string): Promise<undefined> {
    const pod = this.#pods.lister.getByKey(key);
    if (pod === undefined || !isTracked(pod)) return undefined;
    const ref = controllerOf(pod);
    if (ref?.kind === "Job") {
      const at = { namespace: pod.metadata.namespace ?? "", name: ref.name };
      try {
        // Asked live: the job's informer may be behind its pods'.
        if ((await this.#parts.client.get(jobs, at)).metadata.uid === ref.uid) return undefined;
      } catch (err) {
        if (!isNotFound(err)) throw err;
      }
    }
    await this.#release(key, [pod]);
    this.#released.delete(key);
    return undefined;
  }
}

export function isFinished(job: Job): boolean {
  return (job.status?.conditions ?? []).some(
    (c) => (c.type === "Complete" || c.type === "Failed") && c.status === "True",
  );
}

/** An outcome announced before, which nothing changes any more. */
function pendingOutcome(job: Job): Outcome | undefined {
  for (const { type, status, reason = "", message = "" } of job.status?.conditions ?? []) {
    if (status !== "True") continue;
    if (type === "FailureTarget") return { type: "Failed", reason, message };
    if (type === "SuccessCriteriaMet") return { type: "Complete", reason, message };
  }
  return undefined;
}

function deadlineMs(job: Job, now: number): number | undefined {
  const { activeDeadlineSeconds, suspend } = job.spec;
  if (activeDeadlineSeconds === undefined || suspend === true) return undefined;
  const start = job.status?.startTime === undefined ? now : Date.parse(job.status.startTime);
  return Math.max(0, start + activeDeadlineSeconds * 1000 - now) + 1;
}

/** Pods for the lowest indexes that have none, have not ended and are not backing off. */
function nextIndexes(
  job: Job,
  count: number,
  state: {
    readonly mine: readonly Pod[];
    readonly failed: readonly Pod[];
    readonly tally: Tally;
    readonly now: number;
  },
): { readonly pods: ReturnType<typeof jobPod>[]; readonly waitMs?: number } {
  const { tally, failed, mine, now } = state;
  const perIndex = job.spec.backoffLimitPerIndex !== undefined;
  const busy = new Set<number | undefined>(
    [...tally.active, ...(replacesOnlyEnded(job) ? mine.filter(isPodTerminating) : [])].map(indexOf),
  );
  const fresh: ReturnType<typeof jobPod>[] = [];
  let waitMs: number | undefined;
  for (let index = 0; index < (job.spec.completions ?? 0) && fresh.length < count; index++) {
    if (busy.has(index) || tally.completed.has(index) || tally.failedIndexes.has(index)) continue;
    if (!perIndex) {
      fresh.push(jobPod(job, index));
      continue;
    }
    const before = failed.filter((pod) => indexOf(pod) === index);
    const wait = backoffMs(before, [], now);
    if (wait > 0) {
      waitMs = Math.min(waitMs ?? wait, wait);
      continue;
    }
    const counts = before.map((pod) => Number(pod.metadata.annotations?.[INDEX_FAILURES] ?? 0) + 1);
    fresh.push(jobPod(job, index, Math.max(0, ...counts)));
  }
  return { pods: fresh, ...(waitMs === undefined ? {} : { waitMs }) };
}
