// Checks of every kind that keeps pods of one template.
import { fieldError } from "#pkg/errors/index.ts";
import { checkPodTemplate } from "../core/pod-spec-validation.ts";
import { checkLabelSelector, checkNotNegative, type Errors, isEmptySelector } from "../field-checks.ts";
import { selectorOf } from "../labels.ts";
import type { PodTemplateSpec } from "../types/core-v1.ts";
import type { LabelSelector } from "../types/meta-v1.ts";

/** The selector is there, selects something, and selects the template's pods. `kind` is upstream's word: "deployment". */
export function checkSelectorAndTemplate(
  errors: Errors,
  kind: string,
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
): void {
  const wrongSelector: Errors = [];
  if (selector === undefined) errors.push(fieldError.required("spec.selector"));
  else {
    checkLabelSelector(wrongSelector, "spec.selector", selector);
    errors.push(...wrongSelector);
    if (isEmptySelector(selector)) {
      errors.push(fieldError.invalid("spec.selector", selector, `empty selector is invalid for ${kind}`));
    }
  }
  if (wrongSelector.length > 0 && kind !== "daemonset") {
    // Upstream looks no further then, and has no words for it in a StatefulSet.
    const why = kind === "statefulset" ? "" : "invalid label selector";
    errors.push(fieldError.invalid("spec.selector", selector, why));
    return;
  }
  const labels = template?.metadata?.labels;
  if (wrongSelector.length === 0 && !selectorOf(selector).matches(labels)) {
    const why = "`selector` does not match template `labels`";
    errors.push(fieldError.invalid("spec.template.metadata.labels", labels, why));
  }
  checkPodTemplate(errors, "spec.template", template);
  const policy = template?.spec?.restartPolicy;
  if (policy !== undefined && policy !== "Always") {
    errors.push(fieldError.notSupported("spec.template.spec.restartPolicy", policy, ["Always"]));
  }
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    const why = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(fieldError.forbidden("spec.template.spec.activeDeadlineSeconds", why));
  }
}

/** Counters of a status are never negative, and no part exceeds the whole. */
export function checkCounts(
  errors: Errors,
  status: Readonly<Record<string, unknown>>,
  fields: readonly string[],
  total?: string,
): void {
  const count = (field: string): number => (typeof status[field] === "number" ? status[field] : 0);
  for (const field of fields) checkNotNegative(errors, `status.${field}`, count(field));
  if (total === undefined) return;
  for (const field of fields) {
    if (
      field !== total &&
      field !== "observedGeneration" &&
      field !== "collisionCount" &&
      count(field) > count(total)
    ) {
      errors.push(fieldError.invalid(`status.${field}`, count(field), `cannot be greater than status.${total}`));
    }
  }
}

/** Of ReplicaSets and ReplicationControllers. */
export function checkReplicaCounts(errors: Errors, status: Readonly<Record<string, unknown>>): void {
  const fields = ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"];
  checkCounts(errors, status, fields, "replicas");
  const available = Number(status["availableReplicas"] ?? 0);
  if (available > Number(status["readyReplicas"] ?? 0)) {
    errors.push(fieldError.invalid("status.availableReplicas", available, "cannot be greater than readyReplicas"));
  }
}
