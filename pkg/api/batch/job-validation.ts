import { fieldError } from "#pkg/errors/index.ts";
import { checkPodTemplate } from "../core/pod-spec-validation.ts";
import { semanticEqual } from "../equal.ts";
import { checkEnum, checkImmutable, checkLabelSelector, checkNotNegative, type Errors } from "../field-checks.ts";
import { selectorOf } from "../labels.ts";
import type { Job, JobSpec } from "../types/batch-v1.ts";

const COUNTS = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;
const MAX_INDEXED_PARALLELISM = 100_000;

export function validateJob(job: Job): Errors {
  const errors: Errors = [];
  checkJobSpec(errors, "spec", job.spec);
  const { selector, template } = job.spec;
  if (selector === undefined) errors.push(fieldError.required("spec.selector"));
  else {
    checkLabelSelector(errors, "spec.selector", selector);
    if (!selectorOf(selector).matches(template?.metadata?.labels)) {
      const why = "`selector` does not match template `labels`";
      errors.push(fieldError.invalid("spec.template.metadata.labels", template?.metadata?.labels ?? {}, why));
    }
  }
  return errors;
}

/** What a Job and a CronJob's template have in common; a template has no selector yet. */
export function checkJobSpec(errors: Errors, path: string, spec: JobSpec): void {
  for (const field of COUNTS) checkNotNegative(errors, `${path}.${field}`, spec[field]);
  checkEnum(errors, `${path}.completionMode`, spec.completionMode, ["Indexed", "NonIndexed"]);
  checkEnum(errors, `${path}.podReplacementPolicy`, spec.podReplacementPolicy, ["Failed", "TerminatingOrFailed"]);
  const isIndexed = spec.completionMode === "Indexed";
  if (isIndexed && spec.completions === undefined) {
    errors.push(fieldError.required(`${path}.completions`, "when completion mode is Indexed"));
  }
  if (isIndexed && (spec.parallelism ?? 0) > MAX_INDEXED_PARALLELISM) {
    const why = `must be less than or equal to ${MAX_INDEXED_PARALLELISM} when completion mode is Indexed`;
    errors.push(fieldError.invalid(`${path}.parallelism`, spec.parallelism, why));
  }
  for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
    if (!isIndexed && spec[field] !== undefined) {
      errors.push(fieldError.invalid(`${path}.${field}`, spec[field], "requires indexed completion mode"));
    }
  }
  checkPodTemplate(errors, `${path}.template`, spec.template);
  const at = `${path}.template.spec.restartPolicy`;
  const policy = spec.template?.spec?.restartPolicy;
  if (policy === "Always") {
    errors.push({ ...fieldError.required(at, 'valid values: "OnFailure", "Never"') });
  } else if (policy !== "OnFailure" && policy !== "Never") {
    errors.push(fieldError.notSupported(at, policy ?? "", ["OnFailure", "Never"]));
  } else if (spec.podFailurePolicy !== undefined && policy !== "Never") {
    errors.push(fieldError.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified'));
  }
  checkFailurePolicy(errors, `${path}.podFailurePolicy`, spec);
}

function checkFailurePolicy(errors: Errors, path: string, spec: JobSpec): void {
  for (const [i, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const at = `${path}.rules[${i}]`;
    checkEnum(errors, `${at}.action`, rule.action, ["Count", "FailIndex", "FailJob", "Ignore"]);
    const hasConditions = (rule.onPodConditions ?? []).length > 0;
    if (rule.onExitCodes === undefined && !hasConditions) {
      errors.push(fieldError.invalid(at, "", "specifying one of OnExitCodes and OnPodConditions is required"));
    } else if (rule.onExitCodes !== undefined && hasConditions) {
      errors.push(fieldError.invalid(at, "", "specifying both OnExitCodes and OnPodConditions is not supported"));
    }
    if (rule.onExitCodes !== undefined) {
      checkEnum(errors, `${at}.onExitCodes.operator`, rule.onExitCodes.operator, ["In", "NotIn"]);
    }
  }
}

export function validateJobUpdate(job: Job, old: Job): Errors {
  const errors = validateJob(job);
  const wasElastic = old.spec.completionMode === "Indexed" && job.spec.completions === job.spec.parallelism;
  if (!wasElastic) checkImmutable(errors, "spec.completions", job.spec.completions, old.spec.completions);
  checkImmutable(errors, "spec.selector", job.spec.selector, old.spec.selector);
  checkImmutable(errors, "spec.completionMode", job.spec.completionMode, old.spec.completionMode);
  checkImmutable(errors, "spec.podFailurePolicy", job.spec.podFailurePolicy, old.spec.podFailurePolicy);
  checkImmutable(errors, "spec.backoffLimitPerIndex", job.spec.backoffLimitPerIndex, old.spec.backoffLimitPerIndex);
  checkImmutable(errors, "spec.managedBy", job.spec.managedBy, old.spec.managedBy);
  // A job that is suspended and has not begun may still say where its pods go (KEP-2926).
  const mayMove = old.spec.suspend === true && old.status?.startTime === undefined;
  const fixed = (j: Job): object => {
    const template = j.spec.template;
    if (!mayMove) return template;
    const { nodeSelector: _n, affinity: _a, tolerations: _t, schedulingGates: _g, ...rest } = template.spec ?? {};
    return { spec: rest };
  };
  if (!semanticEqual(fixed(job), fixed(old)))
    checkImmutable(errors, "spec.template", job.spec.template, old.spec.template);
  return errors;
}
