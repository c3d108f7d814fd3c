import type { Job } from "#pkg/api/types/batch-v1.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { isPodActive } from "../objects/index.ts";
import { parseIndexes } from "./index-set.ts";
import { hasFailed, INDEX_FAILURES, indexOf, isIndexed } from "./job-pod.ts";
import { decideFailure } from "./pod-failure-policy.ts";

/** Where a job stands, counted from its status and its pods. */
export interface Tally {
  readonly active: readonly Pod[];
  readonly succeeded: number;
  readonly failed: number;
  /** Of Indexed jobs. */
  readonly completed: ReadonlySet<number>;
  readonly failedIndexes: ReadonlySet<number>;
}

export interface Outcome {
  readonly type: "Complete" | "Failed";
  readonly reason: string;
  readonly message: string;
}

/** How the job ends, or undefined while it goes on. Checked in upstream's order: failures before success. */
export function outcomeOf(job: Job, pods: readonly Pod[], tally: Tally, now: number): Outcome | undefined {
  return failureOf(job, pods, tally, now) ?? successOf(job, tally);
}

const failed = (reason: string, message: string): Outcome => ({ type: "Failed", reason, message });

function failureOf(job: Job, pods: readonly Pod[], tally: Tally, now: number): Outcome | undefined {
  const policy = pods
    .filter((pod) => hasFailed(pod, job))
    .map((pod) => decideFailure(job, pod))
    .find((decision) => decision.action === "FailJob");
  if (policy !== undefined) return failed("PodFailurePolicy", policy.message ?? "");
  const limit = job.spec.backoffLimit ?? 6;
  if (tally.failed > limit || restartsExceed(job, pods, limit)) {
    return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
  }
  const { activeDeadlineSeconds } = job.spec;
  const startTime = job.status?.startTime;
  if (activeDeadlineSeconds !== undefined && startTime !== undefined && job.spec.suspend !== true) {
    if (now - Date.parse(startTime) >= activeDeadlineSeconds * 1000) {
      return failed("DeadlineExceeded", "Job was active longer than specified deadline");
    }
  }
  if (!isIndexed(job) || job.spec.backoffLimitPerIndex === undefined) return undefined;
  if (job.spec.maxFailedIndexes !== undefined && tally.failedIndexes.size > job.spec.maxFailedIndexes) {
    return failed("MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
  }
  const ended = tally.failedIndexes.size + tally.completed.size;
  if (tally.failedIndexes.size > 0 && ended >= (job.spec.completions ?? 0)) {
    return failed("FailedIndexes", "Job has failed indexes");
  }
  return undefined;
}

/** With restartPolicy OnFailure a pod retries in place: its restarts count. */
function restartsExceed(job: Job, pods: readonly Pod[], limit: number): boolean {
  if (job.spec.template.spec?.restartPolicy !== "OnFailure") return false;
  let restarts = 0;
  for (const pod of pods) {
    if (pod.status?.phase !== "Running" && pod.status?.phase !== "Pending") continue;
    for (const status of [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]) {
      restarts += status.restartCount;
    }
  }
  return limit === 0 ? restarts > 0 : restarts >= limit;
}

function successOf(job: Job, tally: Tally): Outcome | undefined {
  const { completions } = job.spec;
  const done = (reason: string, message: string): Outcome => ({ type: "Complete", reason, message });
  for (const [i, rule] of isIndexed(job) ? (job.spec.successPolicy?.rules ?? []).entries() : []) {
    const wanted =
      rule.succeededIndexes === undefined ? undefined : parseIndexes(rule.succeededIndexes, completions ?? 0);
    const hits = wanted === undefined ? tally.completed.size : [...wanted].filter((n) => tally.completed.has(n)).length;
    if (hits >= (rule.succeededCount ?? wanted?.size ?? 0)) {
      return done("SuccessPolicy", `Matched rules at index ${i}`);
    }
  }
  const reached =
    completions === undefined
      ? tally.succeeded > 0 && tally.active.length === 0
      : tally.succeeded >= completions && (isIndexed(job) || tally.active.length === 0 || completions === 0);
  return reached ? done("CompletionsReached", "Reached expected number of succeeded pods") : undefined;
}

/** Indexes that failed for good: by policy, or more often than backoffLimitPerIndex. */
export function newFailedIndexes(job: Job, pods: readonly Pod[]): Set<number> {
  const found = new Set<number>();
  const limit = job.spec.backoffLimitPerIndex;
  if (!isIndexed(job) || limit === undefined) return found;
  for (const pod of pods) {
    const index = indexOf(pod);
    if (index === undefined || !hasFailed(pod, job)) continue;
    const action = decideFailure(job, pod).action;
    const before = Number(pod.metadata.annotations?.[INDEX_FAILURES] ?? 0);
    if (action === "FailIndex" || (action !== "Ignore" && before >= limit)) found.add(index);
  }
  return found;
}

/** How many pods there should be now. */
export function wantedActive(job: Job, tally: Tally): number {
  const parallelism = job.spec.parallelism ?? 1;
  if (job.spec.completions === undefined) {
    // A work queue: one success means that the work is done, and nobody new is needed.
    return tally.succeeded > 0 ? Math.min(tally.active.length, parallelism) : parallelism;
  }
  const left = job.spec.completions - tally.succeeded - tally.failedIndexes.size;
  return Math.max(0, Math.min(left, parallelism));
}

export function activePods(pods: readonly Pod[]): Pod[] {
  return pods.filter(isPodActive);
}
