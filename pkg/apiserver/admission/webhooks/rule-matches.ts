import type { RuleWithOperations } from "#pkg/api/types/admissionregistration-v1.ts";

/** What rules look at. */
export interface RuleTarget {
  readonly operation: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  /** "" for cluster-scoped objects. */
  readonly namespace: string;
}

const listed = (list: readonly string[] | undefined, value: string): boolean =>
  list?.some((each) => each === "*" || each === value) === true;

/** Whether a rule is about a request (upstream's rules.Matcher). */
export function ruleMatches(rule: RuleWithOperations, target: RuleTarget): boolean {
  return (
    listed(rule.apiGroups, target.group) && listed(rule.apiVersions, target.version) && ruleMatchesName(rule, target)
  );
}

/** Whether a rule could be about a request if that came in another group and version. */
export function ruleMatchesName(rule: RuleWithOperations, target: RuleTarget): boolean {
  return (
    listed(rule.operations, target.operation) &&
    rule.resources?.some((each) => resourceMatches(each, target)) === true &&
    scopeMatches(rule.scope ?? "*", target)
  );
}

/** A Namespace lies in the namespace of its own name, but is cluster-scoped. */
function scopeMatches(scope: string, { resource, namespace }: RuleTarget): boolean {
  if (scope === "*") return true;
  const isNamespaced = resource !== "namespaces" && namespace !== "";
  return scope === "Namespaced" ? isNamespaced : scope === "Cluster" && !isNamespaced;
}

/** "pods", "pods/log", "pods/*", "*", "*\/scale"; without a slash no subresource is meant. */
function resourceMatches(given: string, { resource, subresource }: RuleTarget): boolean {
  const slash = given.indexOf("/");
  const main = slash < 0 ? given : given.slice(0, slash);
  const sub = slash < 0 ? "" : given.slice(slash + 1);
  return (main === "*" || main === resource) && (sub === "*" || sub === subresource);
}
