import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Errors } from "../field-checks.ts";
import { checkLabelValue, checkQualifiedName } from "../names.ts";
import type {
  LocalSubjectAccessReview,
  ResourceAttributes,
  SubjectAccessReviewSpec,
} from "../types/authorization-v1.ts";

/** All findings on a SubjectAccessReview, or one of its local and self forms, of this kind (upstream's Validate…). */
export function validateAccessReview(
  kind: string,
  review: Pick<LocalSubjectAccessReview, "metadata" | "spec">,
): Errors {
  const errors: FieldError[] = [];
  const spec: Partial<SubjectAccessReviewSpec> = review.spec ?? {};
  const { resourceAttributes, nonResourceAttributes } = spec;
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const why = "cannot be specified in combination with resourceAttributes";
    errors.push(fieldError.invalid("spec.nonResourceAttributes", nonResourceAttributes, why));
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    errors.push(fieldError.invalid("spec.resourceAttributes", null, why));
  }
  if (kind !== "SelfSubjectAccessReview" && !spec.user && (spec.groups ?? []).length === 0)
    errors.push(fieldError.invalid("spec.user", spec.user ?? "", "at least one of user or group must be specified"));
  if (resourceAttributes !== undefined) checkSelectors(errors, resourceAttributes);
  if (kind === "LocalSubjectAccessReview") checkLocal(errors, review);
  return errors;
}

function checkLocal(errors: Errors, { metadata, spec }: Pick<LocalSubjectAccessReview, "metadata" | "spec">): void {
  const { resourceAttributes, nonResourceAttributes } = spec ?? {};
  const { namespace = "" } = metadata;
  if (resourceAttributes !== undefined && (resourceAttributes.namespace ?? "") !== namespace) {
    const why = "must match metadata.namespace";
    errors.push(fieldError.invalid("spec.resourceAttributes.namespace", resourceAttributes.namespace ?? "", why));
  }
  if (nonResourceAttributes !== undefined) {
    const why = "disallowed on this kind of request";
    errors.push(fieldError.invalid("spec.nonResourceAttributes", nonResourceAttributes, why));
  }
}

interface Requirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

function checkSelectors(errors: Errors, { fieldSelector, labelSelector }: ResourceAttributes): void {
  if (fieldSelector !== undefined)
    checkSelector(errors, "spec.resourceAttributes.fieldSelector", fieldSelector, () => undefined);
  if (labelSelector === undefined) return;
  checkSelector(errors, "spec.resourceAttributes.labelSelector", labelSelector, (at, { key = "", values = [] }) => {
    for (const message of checkQualifiedName(key)) errors.push(fieldError.invalid(`${at}.key`, key, message));
    for (const [i, value] of values.entries())
      for (const message of checkLabelValue(value))
        errors.push(fieldError.invalid(`${at}.values[${i}]`, value, message));
  });
}

function checkSelector(
  errors: Errors,
  path: string,
  {
    rawSelector = "",
    requirements = [],
  }: { readonly rawSelector?: string; readonly requirements?: readonly Requirement[] },
  checkParts: (path: string, requirement: Requirement) => void,
): void {
  if (rawSelector !== "" && requirements.length > 0) {
    const why = "may not specified at the same time as requirements";
    errors.push(fieldError.invalid(`${path}.rawSelector`, rawSelector, why));
  }
  if (rawSelector === "" && requirements.length === 0) {
    const why = `when ${path} is specified, requirements or rawSelector is required`;
    errors.push(fieldError.required(`${path}.requirements`, why));
  }
  for (const [i, requirement] of requirements.entries()) {
    const at = `${path}.requirements[${i}]`;
    checkOperator(errors, at, requirement);
    if (!requirement.key) errors.push(fieldError.required(`${at}.key`, "must be specified"));
    else checkParts(at, requirement);
  }
}

function checkOperator(errors: Errors, at: string, { operator, values = [] }: Requirement): void {
  if (operator === "In" || operator === "NotIn") {
    if (values.length === 0)
      errors.push(fieldError.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === "Exists" || operator === "DoesNotExist") {
    if (values.length > 0)
      errors.push(
        fieldError.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
  } else errors.push(fieldError.invalid(`${at}.operator`, operator ?? "", "not a valid selector operator"));
}
