import { containersColumn, imagesColumn, selectorColumn } from "../apps/workload-columns.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { defaultPodTemplate } from "../core/pod-defaults.ts";
import { hostnameWarnings, podSpecWarnings } from "../core/pod-warnings.ts";
import { humanDuration } from "../duration.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { Job, JobSpec } from "../types/batch-v1.ts";
import { validateJob, validateJobStatusUpdate, validateJobUpdate } from "./job-validation.ts";

const CONTROLLER_UID = "batch.kubernetes.io/controller-uid";
const JOB_NAME = "batch.kubernetes.io/job-name";

export function defaultJobSpec(spec: Mutable<JobSpec>): void {
  // One of both is taken to mean the other, or nothing when neither is given.
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of (rule.onPodConditions ?? []) as { status?: string }[]) pattern.status ||= "True";
  }
  spec.template ??= {};
  defaultPodTemplate(spec.template);
}

/** A job finds its pods by its own uid, unless the user took that over with manualSelector. */
function ownSelector(job: Mutable<Job>): void {
  const { spec, metadata } = job;
  if (spec.manualSelector === true) return;
  const template = (spec.template.metadata ??= {});
  template.labels = {
    ...template.labels,
    [JOB_NAME]: metadata.name,
    "job-name": metadata.name,
    [CONTROLLER_UID]: metadata.uid,
    "controller-uid": metadata.uid,
  };
  spec.selector ??= {};
  spec.selector.matchLabels = { ...spec.selector.matchLabels, [CONTROLLER_UID]: metadata.uid };
}

function statusOf(job: Job): string {
  const is = (type: string): boolean =>
    job.status?.conditions?.some((c) => c.type === type && c.status === "True") === true;
  if (is("Complete")) return "Complete";
  if (is("Failed")) return "Failed";
  if (job.metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(is) ?? "Running";
}

function completionsOf(job: Job): string {
  const done = job.status?.succeeded ?? 0;
  if (job.spec.completions !== undefined) return `${done}/${job.spec.completions}`;
  const parallelism = job.spec.parallelism ?? 0;
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`;
}

function durationOf(job: Job, now: number): string {
  const { startTime, completionTime } = job.status ?? {};
  if (startTime === undefined) return "";
  return humanDuration((completionTime === undefined ? now : Date.parse(completionTime)) - Date.parse(startTime));
}

function jobWarnings(job: Job, old: Job | undefined): string[] {
  const found = podSpecWarnings("spec.template.spec", job.spec.template?.spec);
  const { completionMode, completions = 0, parallelism = 0 } = job.spec;
  if (completionMode === "Indexed" && completions > 100_000 && parallelism > 10_000) {
    found.unshift(
      "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail",
    );
  }
  return old === undefined ? [...hostnameWarnings(job.metadata.name), ...found] : found;
}

const status = separateStatus<Job>(() => ({}));

export const jobStrategy = strategyOf<Job>({
  generation: true,
  warnings: jobWarnings,
  defaultPropagation: "Orphan",
  defaults: (job) => {
    job.spec ??= {} as typeof job.spec;
    job.status ??= {};
    defaultJobSpec(job.spec);
    if (Object.keys(job.metadata.labels ?? {}).length === 0 && job.spec.template.metadata?.labels !== undefined) {
      job.metadata.labels = { ...job.spec.template.metadata.labels };
    }
  },
  prepareForCreate: (job) => {
    status.prepareForCreate(job);
    ownSelector(job);
  },
  prepareForUpdate: status.prepareForUpdate,
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  validateStatusUpdate: validateJobStatusUpdate,
  selectableFields: { "status.successful": (job) => String(job.status?.succeeded ?? 0) },
  columns: [
    nameColumn,
    column("Status", "How far it is", statusOf),
    column("Completions", "Completions of those wanted", completionsOf),
    column("Duration", "Time it took", durationOf),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
});
