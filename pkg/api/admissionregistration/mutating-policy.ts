import { fieldError } from "#pkg/errors/index.ts";
import { checkEnum, checkOptionalEnum, type Errors } from "../field-checks.ts";
import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
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
import { semanticEqual } from "../equal.ts";

/** `old` is what an update replaces: conditions that stay are not compiled again. */
export function validateMutatingPolicy(
  policy: MutatingAdmissionPolicy,
  old: MutatingAdmissionPolicy | undefined,
  expressions: typeof Expressions,
): Errors {
  const errors: Errors = [];
  const spec = policy.spec ?? {};
  const params = spec.paramKind !== undefined;
  const compiler = new expressions.ExpressionCompiler({ params, authorizer: true, mutation: true });
  checkEnum(errors, "spec.failurePolicy", spec.failurePolicy, FAILURE_POLICIES);
  checkParamKind(errors, "spec.paramKind", spec.paramKind);
  if (spec.matchConstraints === undefined) errors.push(fieldError.required("spec.matchConstraints"));
  else {
    checkMatchResources(errors, "spec.matchConstraints", spec.matchConstraints);
    if ((spec.matchConstraints.resourceRules ?? []).length === 0)
      errors.push(fieldError.required("spec.matchConstraints.resourceRules"));
    checkOperations(errors, "spec.matchConstraints", spec.matchConstraints);
  }
  const kept =
    old !== undefined &&
    semanticEqual(old.spec?.paramKind, spec.paramKind) &&
    semanticEqual(old.spec?.matchConditions, spec.matchConditions);
  if (!kept) checkMatchConditions(errors, "spec.matchConditions", spec.matchConditions, params, expressions);
  checkVariables(errors, "spec.variables", spec.variables, compiler);
  const mutations = spec.mutations ?? [];
  if (mutations.length === 0)
    errors.push(fieldError.required("spec.mutations", "mutations must contain at least one item"));
  for (const [i, mutation] of mutations.entries())
    checkMutation(errors, `spec.mutations[${i}]`, mutation, compiler, expressions);
  checkEnum(errors, "spec.reinvocationPolicy", spec.reinvocationPolicy, ["Never", "IfNeeded"]);
  return errors;
}

/** What is deleted cannot be changed. The path is upstream's, without an index. */
function checkOperations(errors: Errors, at: string, match: MatchResources | undefined): void {
  for (const rule of match?.resourceRules ?? [])
    for (const operation of rule.operations ?? [])
      checkOptionalEnum(errors, `${at}.resourceRules.operations`, operation, ["*", "CONNECT", "CREATE", "UPDATE"]);
}

function checkMutation(
  errors: Errors,
  at: string,
  { patchType, applyConfiguration, jsonPatch }: Mutation,
  compiler: Expressions.ExpressionCompiler,
  expressions: typeof Expressions,
): void {
  const forms = {
    ApplyConfiguration: ["applyConfiguration", applyConfiguration, expressions.APPLY_CONFIGURATION],
    JSONPatch: ["jsonPatch", jsonPatch, expressions.PATCHES],
  } as const;
  checkEnum(errors, `${at}.patchType`, patchType, Object.keys(forms));
  if (patchType !== "ApplyConfiguration" && patchType !== "JSONPatch") return;
  for (const [type, [field, given, returns]] of Object.entries(forms)) {
    if (type !== patchType) {
      const why = `must not be specified when patchType is ${patchType}`;
      if (given !== undefined) errors.push(fieldError.invalid(`${at}.${field}`, `{${field}}`, why));
      continue;
    }
    const expression = given?.expression?.trim() ?? "";
    if (given === undefined)
      errors.push(fieldError.required(`${at}.${field}`, `must be specified when patchType is ${type}`));
    else if (expression === "") errors.push(fieldError.required(`${at}.${field}.expression`));
    else checkCompiled(errors, `${at}.${field}.expression`, expression, compiler.compile(expression, returns).error);
  }
}

export function validateMutatingBinding(binding: MutatingAdmissionPolicyBinding): Errors {
  const errors: Errors = [];
  const spec = binding.spec ?? {};
  checkPolicyName(errors, spec.policyName);
  checkParamRef(errors, "spec.paramRef", spec.paramRef);
  checkMatchResources(errors, "spec.matchResources", spec.matchResources);
  checkOperations(errors, "spec.matchResources", spec.matchResources);
  return errors;
}
