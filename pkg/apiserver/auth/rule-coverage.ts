import { quotedList } from "#pkg/api/field-checks.ts";
import type { PolicyRule } from "#pkg/api/types/rbac-v1.ts";

/** A rule's lists, each of which may hold "*". */
const LISTS = ["verbs", "apiGroups", "resources", "nonResourceURLs"] as const;
const NAMED_LISTS = [...LISTS, "resourceNames"] as const;

/** The single permissions of `wanted` that none of `rules` gives (upstream's Covers). */
export function uncovered(rules: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(singlePermissions).filter((single) => !rules.some((rule) => covers(rule, single)));
}

/** How many single permissions a rule is: the product of its lists. */
export function permissionCount(rule: PolicyRule): number {
  return NAMED_LISTS.reduce((count, list) => count * Math.max(1, rule[list]?.length ?? 0), 1);
}

/** The rule as rules of one verb, group, resource and name each (upstream's BreakdownRule). */
function singlePermissions(rule: PolicyRule): PolicyRule[] {
  let singles: PolicyRule[] = [{ verbs: [] }];
  for (const list of NAMED_LISTS) {
    const values = rule[list] ?? [];
    if (values.length > 0)
      singles = singles.flatMap((single) => values.map((value) => ({ ...single, [list]: [value] })));
  }
  return singles;
}

function covers(rule: PolicyRule, single: PolicyRule): boolean {
  for (const list of LISTS) {
    const [value] = single[list] ?? [];
    if (value !== undefined && !holds(rule[list] ?? [], list, value)) return false;
  }
  const names = rule.resourceNames ?? [];
  const [name] = single.resourceNames ?? [];
  return names.length === 0 || (name !== undefined && names.includes(name));
}

function holds(values: readonly string[], list: (typeof LISTS)[number], value: string): boolean {
  if (values.includes(value) || values.includes("*")) return true;
  if (list === "resources") {
    const slash = value.indexOf("/");
    return slash >= 0 && values.includes(`*${value.slice(slash)}`);
  }
  if (list === "nonResourceURLs")
    return values.some((each) => each.endsWith("*") && value.startsWith(each.slice(0, -1)));
  return false;
}

/** Rules that differ in their verbs alone as one (upstream's CompactRules). */
export function compacted(rules: readonly PolicyRule[]): PolicyRule[] {
  const merged = new Map<string, PolicyRule>();
  const others: PolicyRule[] = [];
  for (const rule of rules) {
    const { apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    if (apiGroups.length !== 1 || resources.length !== 1 || resourceNames.length > 1 || nonResourceURLs.length > 0) {
      others.push(rule);
      continue;
    }
    const key = JSON.stringify([apiGroups, resources, resourceNames]);
    const known = merged.get(key);
    merged.set(key, known === undefined ? rule : { ...known, verbs: [...known.verbs, ...rule.verbs] });
  }
  return [...others, ...merged.values()];
}

/** `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`, as refusals name rules (upstream's CompactString). */
export function ruleText(rule: PolicyRule): string {
  const parts: string[] = [];
  const add = (name: string, values: readonly string[] | undefined): void => {
    if (values !== undefined && values.length > 0) parts.push(`${name}:${quotedList(values)}`);
  };
  add("APIGroups", rule.apiGroups);
  add("Resources", rule.resources);
  add("NonResourceURLs", rule.nonResourceURLs);
  add("ResourceNames", rule.resourceNames);
  add("Verbs", rule.verbs);
  return `{${parts.join(", ")}}`;
}

/** Go's %q of a list. */
