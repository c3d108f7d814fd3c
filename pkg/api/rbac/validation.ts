import { fieldError } from "#pkg/errors/index.ts";
import { checkLabelSelector, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain, checkPathSegment } from "../names.ts";
import type { ClusterRole, PolicyRule, Role, RoleBinding, Subject } from "../types/rbac-v1.ts";

const GROUP = "rbac.authorization.k8s.io";

export function validateRole(role: Role): Errors {
  const errors: Errors = [];
  checkRules(errors, role.rules, true);
  return errors;
}

export function validateClusterRole(role: ClusterRole): Errors {
  const errors: Errors = [];
  checkRules(errors, role.rules, false);
  const selectors = role.aggregationRule?.clusterRoleSelectors;
  if (role.aggregationRule !== undefined && (selectors ?? []).length === 0) {
    errors.push(
      fieldError.required(
        "aggregationRule.clusterRoleSelectors",
        "at least one clusterRoleSelector required if aggregationRule is non-nil",
      ),
    );
  }
  for (const [i, selector] of (selectors ?? []).entries()) {
    checkLabelSelector(errors, `aggregationRule.clusterRoleSelectors[${i}]`, selector);
  }
  return errors;
}

function checkRules(errors: Errors, rules: readonly PolicyRule[] | undefined, isNamespaced: boolean): void {
  for (const [i, rule] of (rules ?? []).entries()) checkRule(errors, `rules[${i}]`, rule, isNamespaced);
}

function checkRule(errors: Errors, path: string, rule: PolicyRule, isNamespaced: boolean): void {
  const has = (list: readonly string[] | undefined): boolean => (list ?? []).length > 0;
  if (!has(rule.verbs)) errors.push(fieldError.required(`${path}.verbs`, "verbs must contain at least one value"));
  if (has(rule.nonResourceURLs)) {
    if (isNamespaced) {
      const why = "namespaced rules cannot apply to non-resource URLs";
      errors.push(fieldError.invalid(`${path}.nonResourceURLs`, rule.nonResourceURLs, why));
    }
    if (has(rule.apiGroups) || has(rule.resources) || has(rule.resourceNames)) {
      const why = "rules cannot apply to both regular resources and non-resource URLs";
      errors.push(fieldError.invalid(`${path}.nonResourceURLs`, rule.nonResourceURLs, why));
    }
    return;
  }
  if (!has(rule.apiGroups)) {
    errors.push(fieldError.required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  }
  if (!has(rule.resources)) {
    errors.push(fieldError.required(`${path}.resources`, "resource rules must supply at least one resource"));
  }
}

/** `isNamespaced`: a RoleBinding, which may bind Roles too. */
export function validateBinding(binding: RoleBinding, isNamespaced: boolean): Errors {
  const errors: Errors = [];
  const { roleRef } = binding;
  if (roleRef.apiGroup !== GROUP)
    errors.push(fieldError.notSupported("roleRef.apiGroup", roleRef.apiGroup ?? "", [GROUP]));
  const kinds = isNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
  if (!kinds.includes(roleRef.kind)) errors.push(fieldError.notSupported("roleRef.kind", roleRef.kind ?? "", kinds));
  if (!roleRef.name) errors.push(fieldError.required("roleRef.name"));
  else {
    for (const m of checkPathSegment(roleRef.name)) errors.push(fieldError.invalid("roleRef.name", roleRef.name, m));
  }
  for (const [i, subject] of (binding.subjects ?? []).entries())
    checkSubject(errors, `subjects[${i}]`, subject, isNamespaced);
  return errors;
}

function checkSubject(errors: Errors, path: string, subject: Subject, isNamespaced: boolean): void {
  if (!subject.name) errors.push(fieldError.required(`${path}.name`));
  const group = subject.apiGroup ?? "";
  switch (subject.kind) {
    case "ServiceAccount":
      if (subject.name) {
        for (const m of checkDnsSubdomain(subject.name))
          errors.push(fieldError.invalid(`${path}.name`, subject.name, m));
      }
      if (group !== "") errors.push(fieldError.notSupported(`${path}.apiGroup`, group, [""]));
      if (!isNamespaced && !subject.namespace) errors.push(fieldError.required(`${path}.namespace`));
      break;
    case "User":
    case "Group":
      if (group !== GROUP) errors.push(fieldError.notSupported(`${path}.apiGroup`, group, [GROUP]));
      break;
    default:
      errors.push(fieldError.notSupported(`${path}.kind`, subject.kind ?? "", ["ServiceAccount", "User", "Group"]));
  }
}

export function validateBindingUpdate(binding: RoleBinding, old: RoleBinding, isNamespaced: boolean): Errors {
  const errors = validateBinding(binding, isNamespaced);
  const { kind, name, apiGroup } = binding.roleRef;
  if (kind !== old.roleRef.kind || name !== old.roleRef.name || apiGroup !== old.roleRef.apiGroup) {
    errors.push(fieldError.invalid("roleRef", binding.roleRef, "cannot change roleRef"));
  }
  return errors;
}
