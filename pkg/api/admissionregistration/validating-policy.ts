import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkEnum, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import { semanticEqual } from "../equal.ts";
import type {
  AuditAnnotation,
  Validation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from "../types/admissionregistration-v1.ts";
import type * as Expressions from "./expressions.ts";
import { checkMatchConditions } from "./match-conditions.ts";
import {
  checkCompiled,
  checkParamKind,
  checkParamRef,
  checkPolicyName,
  checkVariables,
  FAILURE_POLICIES,
} from "./policy-checks.ts";
import { checkMatchResources } from "./rules.ts";

const MAX_AUDIT_ANNOTATIONS = 20;
const MAX_AUDIT_EXPRESSION = 5 * 1024;
const REASONS = ["Forbidden", "Invalid", "RequestEntityTooLarge"];

/** `old` is what an update replaces: conditions that stay are not compiled again. */
export function validateValidatingPolicy(
  policy: ValidatingAdmissionPolicy,
  old: ValidatingAdmissionPolicy | undefined,
  expressions: typeof Expressions,
): Errors {
  const errors: Errors = [];
  const spec = policy.spec ?? {};
  const params = spec.paramKind !== undefined;
  const compiler = new expressions.ExpressionCompiler({ params, authorizer: true });
  checkEnum(errors, "spec.failurePolicy", spec.failurePolicy, FAILURE_POLICIES);
  checkParamKind(errors, "spec.paramKind", spec.paramKind);
  if (spec.matchConstraints === undefined) errors.push(fieldError.required("spec.matchConstraints"));
  else {
    checkMatchResources(errors, "spec.matchConstraints", spec.matchConstraints);
    if ((spec.matchConstraints.resourceRules ?? []).length === 0)
      errors.push(fieldError.required("spec.matchConstraints.resourceRules"));
  }
  const kept =
    old !== undefined &&
    semanticEqual(old.spec?.paramKind, spec.paramKind) &&
    semanticEqual(old.spec?.matchConditions, spec.matchConditions);
  if (!kept) checkMatchConditions(errors, "spec.matchConditions", spec.matchConditions, params, expressions);
  checkVariables(errors, "spec.variables", spec.variables, compiler);
  const { validations = [], auditAnnotations = [] } = spec;
  if (validations.length === 0 && auditAnnotations.length === 0) {
    const why = "validations or auditAnnotations must contain at least one item";
    errors.push(fieldError.required("spec.validations", why), fieldError.required("spec.auditAnnotations", why));
  }
  const check = { errors, compiler, expressions, params };
  for (const [i, validation] of validations.entries()) checkValidation(check, `spec.validations[${i}]`, validation);
  if (auditAnnotations.length > MAX_AUDIT_ANNOTATIONS) {
    const why = `must not have more than ${MAX_AUDIT_ANNOTATIONS} auditAnnotations`;
    errors.push(fieldError.invalid("spec.auditAnnotations", auditAnnotations, why));
  }
  const keys = new Set<string>();
  for (const [i, annotation] of auditAnnotations.entries()) {
    checkAuditAnnotation(check, `spec.auditAnnotations[${i}]`, policy.metadata.name ?? "", annotation);
    if (keys.has(annotation.key)) errors.push(fieldError.duplicate(`spec.auditAnnotations[${i}].key`, annotation.key));
    keys.add(annotation.key);
  }
  return errors;
}

interface Check {
  readonly errors: Errors;
  readonly compiler: Expressions.ExpressionCompiler;
  readonly expressions: typeof Expressions;
  readonly params: boolean;
}

function checkValidation({ errors, compiler, expressions, params }: Check, at: string, validation: Validation): void {
  const { message = "", messageExpression = "", reason } = validation;
  const expression = validation.expression ?? "";
  if (expression.trim() === "") errors.push(fieldError.required(`${at}.expression`, "expression is not specified"));
  else checkCompiled(errors, `${at}.expression`, expression, compiler.compile(expression, expressions.BOOL).error);
  if (messageExpression !== "" && messageExpression.trim() === "") {
    const why = "must be non-empty if specified";
    errors.push(fieldError.invalid(`${at}.messageExpression`, messageExpression, why));
  } else if (messageExpression !== "") {
    const { error } = compiler.compile(messageExpression, expressions.STRING, { params, authorizer: false });
    checkCompiled(errors, `${at}.messageExpression`, messageExpression, error);
  }
  if (message !== "" && message.trim() === "")
    errors.push(fieldError.invalid(`${at}.message`, message, "message must be non-empty if specified"));
  else if (/[\n\r]/.test(message.trim()))
    errors.push(fieldError.invalid(`${at}.message`, message, "message must not contain line breaks"));
  checkOptionalEnum(errors, `${at}.reason`, reason, REASONS);
}

function checkAuditAnnotation(
  { errors, compiler, expressions }: Check,
  at: string,
  policyName: string,
  annotation: AuditAnnotation,
): void {
  const { key } = annotation;
  const valueExpression = annotation.valueExpression ?? "";
  if (policyName === "") errors.push(fieldError.invalid(`${at}.key`, key, "requires metadata.name be non-empty"));
  else {
    const name = `${policyName}/${key}`;
    addInvalid(errors, `${at}.key`, name, checkQualifiedName(name));
  }
  const trimmed = valueExpression.trim();
  if (trimmed === "") errors.push(fieldError.required(`${at}.valueExpression`, "valueExpression is not specified"));
  else if (Buffer.byteLength(trimmed) > MAX_AUDIT_EXPRESSION) {
    const why = `must not exceed ${MAX_AUDIT_EXPRESSION} bytes in length`;
    errors.push(fieldError.required(`${at}.valueExpression`, why));
  } else {
    const { error } = compiler.compile(trimmed, expressions.STRING_OR_NULL);
    checkCompiled(errors, `${at}.valueExpression`, valueExpression, error);
  }
}

export function validateValidatingBinding(binding: ValidatingAdmissionPolicyBinding): Errors {
  const errors: Errors = [];
  const spec: Partial<ValidatingAdmissionPolicyBinding["spec"]> = binding.spec ?? {};
  checkPolicyName(errors, spec.policyName);
  checkParamRef(errors, "spec.paramRef", spec.paramRef);
  // The path is upstream's, its slip included.
  checkMatchResources(errors, "spec.matchResouces", spec.matchResources);
  const actions = spec.validationActions ?? [];
  const seen = new Set<string>();
  for (const [i, action] of actions.entries()) {
    const at = `spec.validationActions[${i}]`;
    checkOptionalEnum(errors, at, action, ["Audit", "Deny", "Warn"]);
    if (seen.has(action)) errors.push(fieldError.duplicate(at, action));
    seen.add(action);
  }
  if (seen.has("Deny") && seen.has("Warn")) {
    const why =
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
    errors.push(fieldError.invalid("spec.validationActions", actions, why));
  }
  if (seen.size === 0)
    errors.push(fieldError.required("spec.validationActions", "at least one validation action is required"));
  return errors;
}

/** Of the status: what the checker of types found. */
export function validateValidatingPolicyStatus({ status }: ValidatingAdmissionPolicy): Errors {
  const errors: Errors = [];
  for (const [i, warning] of (status?.typeChecking?.expressionWarnings ?? []).entries()) {
    const at = `status.typeChecking.expressionWarnings[${i}]`;
    if (!warning.warning) errors.push(fieldError.required(`${at}.warning`));
    if (!warning.fieldRef?.trim()) errors.push(fieldError.required(`${at}.fieldRef`));
  }
  return errors;
}
