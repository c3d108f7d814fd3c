import type { NewObject } from "#pkg/api/index.ts";
import { type Job, jobs } from "#pkg/api/types/batch-v1.ts";
import type { Container, Pod } from "#pkg/api/types/core-v1.ts";
import { controllerRefTo } from "../objects/index.ts";
import { podFromTemplate } from "../pod-control.ts";

/** Keeps a pod until its end has been counted. */
export const TRACKING = "batch.kubernetes.io/job-tracking";
export const INDEX = "batch.kubernetes.io/job-completion-index";
export const INDEX_FAILURES = "batch.kubernetes.io/job-index-failure-count";

export const isTracked = (pod: Pod): boolean => pod.metadata.finalizers?.includes(TRACKING) === true;
export const isIndexed = (job: Job): boolean => job.spec.completionMode === "Indexed";

export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[INDEX] ?? "";
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * Whether the pod counts as failed: ended so, or told to end before it succeeded, unless the job replaces pods only
 * once they have really ended.
 */
export function hasFailed(pod: Pod, job: Job): boolean {
  if (pod.status?.phase === "Failed") return true;
  if (replacesOnlyEnded(job)) return false;
  return pod.metadata.deletionTimestamp !== undefined && pod.status?.phase !== "Succeeded";
}

export function replacesOnlyEnded(job: Job): boolean {
  return job.spec.podReplacementPolicy === "Failed" || job.spec.podFailurePolicy !== undefined;
}

/** A pod of the job; `index` for Indexed jobs, `failures` how often its index failed where that is limited. */
export function jobPod(job: Job, index?: number, failures?: number): NewObject<Pod> {
  const pod = podFromTemplate(job.spec.template, job, controllerRefTo(jobs, job));
  const metadata = { ...pod.metadata, finalizers: [...(pod.metadata.finalizers ?? []), TRACKING] };
  if (index === undefined) return { ...pod, metadata };
  const env = {
    name: "JOB_COMPLETION_INDEX",
    valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${INDEX}']` } },
  };
  const withIndex = (containers: readonly Container[] | undefined): readonly Container[] =>
    (containers ?? []).map((c) =>
      c.env?.some((e) => e.name === env.name) === true ? c : { ...c, env: [...(c.env ?? []), env] },
    );
  const { initContainers } = pod.spec;
  return {
    ...pod,
    metadata: {
      ...metadata,
      generateName: `${job.metadata.name}-${index}-`,
      labels: { ...metadata.labels, [INDEX]: String(index) },
      annotations: {
        ...metadata.annotations,
        [INDEX]: String(index),
        ...(failures === undefined ? {} : { [INDEX_FAILURES]: String(failures) }),
      },
    },
    spec: {
      ...pod.spec,
      ...(pod.spec.hostname === undefined ? { hostname: `${job.metadata.name}-${index}` } : {}),
      containers: withIndex(pod.spec.containers),
      ...(initContainers === undefined ? {} : { initContainers: withIndex(initContainers) }),
    },
  };
}
