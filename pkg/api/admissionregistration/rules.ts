import { fieldError } from "#pkg/errors/index.ts";
import { checkLabelSelector, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { checkPathSegment } from "../names.ts";
import type { MatchResources, NamedRuleWithOperations, RuleWithOperations } from "../types/admissionregistration-v1.ts";

const OPERATIONS = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
const wildcard = (list: readonly string[]): boolean => list.length > 1 && list.includes("*");

/** A rule of a webhook or a policy. */
export function checkRule(errors: Errors, at: string, rule: RuleWithOperations): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [] } = rule;
  if (operations.length === 0) errors.push(fieldError.required(`${at}.operations`));
  if (wildcard(operations)) {
    const why = "if '*' is present, must not specify other operations";
    errors.push(fieldError.invalid(`${at}.operations`, operations, why));
  }
  for (const [i, operation] of operations.entries())
    checkOptionalEnum(errors, `${at}.operations[${i}]`, operation, OPERATIONS);
  if (apiGroups.length === 0) errors.push(fieldError.required(`${at}.apiGroups`));
  if (wildcard(apiGroups)) {
    const why = "if '*' is present, must not specify other API groups";
    errors.push(fieldError.invalid(`${at}.apiGroups`, apiGroups, why));
  }
  if (apiVersions.length === 0) errors.push(fieldError.required(`${at}.apiVersions`));
  if (wildcard(apiVersions)) {
    const why = "if '*' is present, must not specify other API versions";
    errors.push(fieldError.invalid(`${at}.apiVersions`, apiVersions, why));
  }
  for (const [i, version] of apiVersions.entries())
    if (version === "") errors.push(fieldError.required(`${at}.apiVersions[${i}]`));
  checkResources(errors, `${at}.resources`, resources);
  checkOptionalEnum(errors, `${at}.scope`, rule.scope, ["*", "Cluster", "Namespaced"]);
}

function checkResources(errors: Errors, at: string, resources: readonly string[]): void {
  if (resources.length === 0) errors.push(fieldError.required(at));
  const allSubresourcesOf = new Set<string>();
  const ofAllResources = new Set<string>();
  for (const [i, given] of resources.entries()) {
    if (given === "") errors.push(fieldError.required(`${at}[${i}]`));
    const slash = given.indexOf("/");
    if (slash < 0) continue;
    const [main, sub] = [given.slice(0, slash), given.slice(slash + 1)];
    const covered = (by: string): void => {
      const why = `if '${by}' is present, must not specify ${given}`;
      errors.push(fieldError.invalid(`${at}[${i}]`, given, why));
    };
    if (allSubresourcesOf.has(main)) covered(`${main}/*`);
    if (ofAllResources.has(sub)) covered(`*/${sub}`);
    if (sub === "*") allSubresourcesOf.add(main);
    if (main === "*") ofAllResources.add(sub);
  }
  if (resources.length > 1 && resources.includes("*/*"))
    errors.push(fieldError.invalid(at, resources, "if '*/*' is present, must not specify other resources"));
  // As upstream: only the last resource without a slash is looked at.
  const last = resources.findLast((given) => !given.includes("/"));
  if (resources.includes("*") && last !== undefined && last !== "*") {
    const why = "if '*' is present, must not specify other resources without subresources";
    errors.push(fieldError.invalid(at, resources, why));
  }
}

function checkNamedRule(errors: Errors, at: string, rule: NamedRuleWithOperations): void {
  const seen = new Set<string>();
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    for (const message of checkPathSegment(name))
      errors.push(fieldError.invalid(`${at}.resourceNames[${i}]`, name, message));
    if (seen.has(name)) errors.push(fieldError.duplicate(`${at}.resourceNames[${i}]`, name));
    seen.add(name);
  }
  checkRule(errors, at, rule);
}

/** matchConstraints of a policy, matchResources of a binding. */
export function checkMatchResources(errors: Errors, at: string, match: MatchResources | undefined): void {
  if (match === undefined) return;
  if (match.matchPolicy === undefined) errors.push(fieldError.required(`${at}.matchPolicy`));
  checkOptionalEnum(errors, `${at}.matchPolicy`, match.matchPolicy, ["Equivalent", "Exact"]);
  if (match.namespaceSelector === undefined) errors.push(fieldError.required(`${at}.namespaceSelector`));
  checkLabelSelector(errors, `${at}.namespaceSelector`, match.namespaceSelector);
  if (match.objectSelector === undefined) errors.push(fieldError.required(`${at}.objectSelector`));
  checkLabelSelector(errors, `${at}.objectSelector`, match.objectSelector);
  for (const list of ["resourceRules", "excludeResourceRules"] as const)
    for (const [i, rule] of (match[list] ?? []).entries()) checkNamedRule(errors, `${at}.${list}[${i}]`, rule);
}
