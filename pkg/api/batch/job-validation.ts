import { fieldError } from "#pkg/errors/index.ts";
import { checkPodTemplate } from "../core/pod-spec-validation.ts";
import { semanticEqual } from "../equal.ts";
import {
  addInvalid,
  checkImmutable,
  checkLabelSelector,
  checkNotNegative,
  checkOptionalEnum,
  type Errors,
} from "../field-checks.ts";
import { selectorOf } from "../labels.ts";
import { checkDomainPath } from "../names.ts";
import type { Mutable } from "../resource-ref.ts";
import type { Job, JobSpec } from "../types/batch-v1.ts";
import type { Container, PodTemplateSpec } from "../types/core-v1.ts";
import { checkFailurePolicy, checkSuccessPolicy } from "./job-policy-validation.ts";

const COUNTS = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
] as const;
const MAX_INDEXED_PARALLELISM = 100_000;
/** What more completions than that may have of parallelism and of failed indexes, with limits per index. */
const MANY_COMPLETIONS = 100_000;
const MANY_COMPLETIONS_LIMIT = 10_000;
const MAX_MANAGED_BY = 63;

export function validateJob(job: Job): Errors {
  const errors: Errors = [];
  checkJobSpec(errors, "spec", job.spec);
  const { selector, template } = job.spec;
  const wrongSelector: Errors = [];
  if (selector === undefined) errors.push(fieldError.required("spec.selector"));
  else checkLabelSelector(wrongSelector, "spec.selector", selector);
  errors.push(...wrongSelector);
  const labels = template?.metadata?.labels;
  if (wrongSelector.length === 0 && !selectorOf(selector).matches(labels)) {
    const why = "`selector` does not match template `labels`";
    errors.push(fieldError.invalid("spec.template.metadata.labels", labels, why));
  }
  return errors;
}

/** What a Job and a CronJob's template have in common; a template has no selector yet. */
export function checkJobSpec(errors: Errors, path: string, spec: JobSpec): void {
  for (const field of COUNTS) checkNotNegative(errors, `${path}.${field}`, spec[field]);
  if (spec.maxFailedIndexes !== undefined) {
    checkNotNegative(errors, `${path}.maxFailedIndexes`, spec.maxFailedIndexes);
    if (spec.backoffLimitPerIndex === undefined) {
      errors.push(fieldError.required(`${path}.backoffLimitPerIndex`, "when maxFailedIndexes is specified"));
    }
  }
  if (spec.managedBy !== undefined) {
    addInvalid(errors, `${path}.managedBy`, spec.managedBy, checkDomainPath(spec.managedBy));
    if (spec.managedBy.length > MAX_MANAGED_BY) errors.push(fieldError.tooLong(`${path}.managedBy`, MAX_MANAGED_BY));
  }
  checkOptionalEnum(errors, `${path}.completionMode`, spec.completionMode, ["NonIndexed", "Indexed"]);
  const isIndexed = spec.completionMode === "Indexed";
  if (isIndexed) checkIndexed(errors, path, spec);
  for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
    if (!isIndexed && spec[field] !== undefined) {
      errors.push(fieldError.invalid(`${path}.${field}`, spec[field], "requires indexed completion mode"));
    }
  }
  checkFailurePolicy(errors, `${path}.podFailurePolicy`, spec);
  checkSuccessPolicy(errors, `${path}.successPolicy`, spec);
  const replacements = spec.podFailurePolicy === undefined ? ["Failed", "TerminatingOrFailed"] : ["Failed"];
  checkOptionalEnum(errors, `${path}.podReplacementPolicy`, spec.podReplacementPolicy, replacements);
  checkPodTemplate(errors, `${path}.template`, spec.template);
  const at = `${path}.template.spec.restartPolicy`;
  const policy = spec.template?.spec?.restartPolicy ?? "";
  if (policy === "" || policy === "Always") {
    errors.push(fieldError.required(at, 'valid values: "OnFailure", "Never"'));
  } else if (policy !== "OnFailure" && policy !== "Never") {
    errors.push(fieldError.notSupported(at, policy, ["OnFailure", "Never"]));
  } else if (spec.podFailurePolicy !== undefined && policy !== "Never") {
    errors.push(fieldError.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified'));
  }
}

function checkIndexed(errors: Errors, path: string, spec: JobSpec): void {
  const { completions, parallelism = 0, maxFailedIndexes } = spec;
  if (completions === undefined) {
    errors.push(fieldError.required(`${path}.completions`, "when completion mode is Indexed"));
  }
  if (parallelism > MAX_INDEXED_PARALLELISM) {
    const why = `must be less than or equal to ${MAX_INDEXED_PARALLELISM} when completion mode is Indexed`;
    errors.push(fieldError.invalid(`${path}.parallelism`, parallelism, why));
  }
  if ((completions ?? 0) <= MANY_COMPLETIONS || spec.backoffLimitPerIndex === undefined) return;
  const why = `must be less than or equal to ${MANY_COMPLETIONS_LIMIT} when completions are above ${MANY_COMPLETIONS} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) {
    const needed = `must be specified when completions is above ${MANY_COMPLETIONS}`;
    errors.push(fieldError.required(`${path}.maxFailedIndexes`, needed));
  }
  if (parallelism > MANY_COMPLETIONS_LIMIT) {
    errors.push(fieldError.invalid(`${path}.parallelism`, parallelism, why));
  }
  if ((maxFailedIndexes ?? 0) > MANY_COMPLETIONS_LIMIT) {
    errors.push(fieldError.invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, why));
  }
}

export function validateJobUpdate(job: Job, old: Job): Errors {
  const errors = validateJob(job);
  checkCompletions(errors, job.spec, old.spec);
  checkImmutable(errors, "spec.selector", job.spec.selector, old.spec.selector);
  checkImmutable(errors, "spec.template", job.spec.template, allowedTemplate(job, old));
  for (const field of [
    "completionMode",
    "podFailurePolicy",
    "backoffLimitPerIndex",
    "managedBy",
    "successPolicy",
  ] as const) {
    checkImmutable(errors, `spec.${field}`, job.spec[field], old.spec[field]);
  }
  return errors;
}

/** An indexed job may grow and shrink, together with its parallelism (KEP-3715). */
function checkCompletions(errors: Errors, spec: JobSpec, old: JobSpec): void {
  const at = "spec.completions";
  if (spec.completionMode !== "Indexed") checkImmutable(errors, at, spec.completions, old.completions);
  else if (spec.completions !== old.completions && spec.completions !== spec.parallelism) {
    errors.push(fieldError.invalid(at, spec.completions, "can only be modified in tandem with spec.parallelism"));
  }
}

/** The old template, with everything of the new one that a job which rests may still change (KEP-2926, KEP-5440). */
function allowedTemplate(job: Job, old: Job): PodTemplateSpec | undefined {
  const isSuspended = old.spec.suspend === true;
  const rests = isSuspended && (old.status?.active ?? 0) === 0;
  const now = job.spec.template;
  if (!rests || old.spec.template?.spec === undefined || now?.spec === undefined) return old.spec.template;
  const template = structuredClone(old.spec.template) as Mutable<PodTemplateSpec>;
  const spec = template.spec as Mutable<NonNullable<PodTemplateSpec["spec"]>>;
  const asked = now.spec as typeof spec;
  if (old.status?.startTime === undefined || isMarkedSuspended(old)) {
    const affinity = { ...spec.affinity, nodeAffinity: asked.affinity?.nodeAffinity } as NonNullable<
      typeof spec.affinity
    >;
    if (asked.affinity?.nodeAffinity === undefined) delete affinity.nodeAffinity;
    if (Object.keys(affinity).length > 0) spec.affinity = affinity;
    else delete spec.affinity;
    Object.assign(spec, {
      nodeSelector: asked.nodeSelector,
      tolerations: asked.tolerations,
      schedulingGates: asked.schedulingGates,
    });
    template.metadata = {
      ...template.metadata,
      annotations: now.metadata?.annotations,
      labels: now.metadata?.labels,
    } as typeof template.metadata;
  }
  for (const field of ["containers", "initContainers"] as const) {
    for (const [i, container] of (spec[field] ?? []).entries()) {
      const other = asked[field]?.[i] as Mutable<Container> | undefined;
      if (other?.name === container.name) Object.assign(container, { resources: other.resources });
    }
  }
  return template as PodTemplateSpec;
}

const isMarkedSuspended = (job: Job): boolean =>
  job.status?.conditions?.some(({ type, status }) => type === "Suspended" && status === "True") === true;

export function validateJobStatusUpdate(job: Job, old: Job): Errors {
  const errors: Errors = [];
  const status = job.status ?? {};
  for (const field of ["active", "succeeded", "failed", "ready", "terminating"] as const) {
    checkNotNegative(errors, `status.${field}`, status[field]);
  }
  for (const field of ["succeeded", "failed"] as const) {
    const uids = new Set<string>();
    for (const [i, uid] of (status.uncountedTerminatedPods?.[field] ?? []).entries()) {
      const at = `status.uncountedTerminatedPods.${field}[${i}]`;
      if (uid === "") errors.push(fieldError.invalid(at, uid, "must not be empty"));
      else if (uids.has(uid)) errors.push(fieldError.duplicate(at, uid));
      uids.add(uid);
    }
  }
  const finished = (j: Job): readonly string[] =>
    (j.status?.conditions ?? [])
      .filter(({ type, status: is }) => (type === "Complete" || type === "Failed") && is === "True")
      .map(({ type }) => type);
  if (finished(job).length > 1) {
    const why = "cannot set Complete=True and Failed=True conditions";
    errors.push(fieldError.invalid("status.conditions", status.conditions, why));
  }
  const now = finished(job);
  for (const type of finished(old)) {
    if (!now.includes(type)) {
      const why = `cannot disable the terminal ${type}=True condition`;
      errors.push(fieldError.invalid("status.conditions", status.conditions ?? [], why));
    }
  }
  const before = old.status?.completionTime;
  if (before !== undefined && !semanticEqual(status.completionTime, before)) {
    errors.push(fieldError.invalid("status.completionTime", status.completionTime, "field is immutable"));
  }
  return errors;
}
