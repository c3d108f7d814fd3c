import type { Job, JobStatus } from "#pkg/api/types/batch-v1.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { parseIndexes } from "./index-set.ts";
import { hasFailed, indexOf, isIndexed, isTracked } from "./job-pod.ts";
import { newFailedIndexes } from "./outcome.ts";
import { decideFailure } from "./pod-failure-policy.ts";

/**
 * Counting ended pods exactly once, over restarts, while pods may vanish at any time (upstream's job tracking with
 * finalizers). A pod's end goes through these states, each durable before the next:
 *
 *   ended, has the finalizer ─▶ uid in status.uncountedTerminatedPods ─▶ finalizer removed ─▶ added to the counter
 */
export interface Counted {
  readonly succeeded: number;
  readonly failed: number;
  readonly uncounted: { readonly succeeded: readonly string[]; readonly failed: readonly string[] };
  readonly completed: ReadonlySet<number>;
  readonly failedIndexes: ReadonlySet<number>;
  /** Ended pods that the status accounts for once it is written: their finalizer may then go. */
  readonly release: readonly Pod[];
}

/** `released` are uids whose finalizer this process has removed, though the informer may still show it. */
export function countPods(job: Job, pods: readonly Pod[], released: ReadonlySet<string>): Counted {
  const status = job.status ?? {};
  const indexed = isIndexed(job);
  const completed = parseIndexes(status.completedIndexes, job.spec.completions ?? 0);
  const failedIndexes = parseIndexes(status.failedIndexes, job.spec.completions ?? 0);
  const tracked = new Map(
    pods.filter((pod) => isTracked(pod) && !released.has(pod.metadata.uid)).map((pod) => [pod.metadata.uid, pod]),
  );
  const settle = (uids: readonly string[] | undefined): { kept: string[]; counted: number } => {
    const kept = (uids ?? []).filter((uid) => tracked.has(uid));
    return { kept, counted: (uids?.length ?? 0) - kept.length };
  };
  const oldSucceeded = settle(status.uncountedTerminatedPods?.succeeded);
  const oldFailed = settle(status.uncountedTerminatedPods?.failed);
  const known = new Set([...oldSucceeded.kept, ...oldFailed.kept]);
  const release: Pod[] = [];
  const newSucceeded: string[] = [];
  const newFailed: string[] = [];
  for (const [uid, pod] of tracked) {
    if (known.has(uid)) {
      release.push(pod);
      continue;
    }
    if (pod.status?.phase === "Succeeded") {
      release.push(pod);
      const index = indexOf(pod);
      if (!indexed) newSucceeded.push(uid);
      // An index counts once, however many of its pods succeeded.
      else if (index !== undefined && index < (job.spec.completions ?? 0)) completed.add(index);
    } else if (hasFailed(pod, job)) {
      release.push(pod);
      if (decideFailure(job, pod).action !== "Ignore") newFailed.push(uid);
    }
  }
  for (const index of newFailedIndexes(job, pods)) if (!completed.has(index)) failedIndexes.add(index);
  return {
    succeeded: indexed ? completed.size : (status.succeeded ?? 0) + oldSucceeded.counted,
    failed: (status.failed ?? 0) + oldFailed.counted,
    uncounted: { succeeded: [...oldSucceeded.kept, ...newSucceeded], failed: [...oldFailed.kept, ...newFailed] },
    completed,
    failedIndexes,
    release,
  };
}

/** The status fields that a count amounts to. */
export function countedStatus(counted: Counted): Pick<JobStatus, "succeeded" | "failed" | "uncountedTerminatedPods"> {
  const { succeeded, failed, uncounted } = counted;
  return {
    succeeded,
    failed,
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.length === 0 ? {} : { succeeded: uncounted.succeeded }),
      ...(uncounted.failed.length === 0 ? {} : { failed: uncounted.failed }),
    },
  };
}
