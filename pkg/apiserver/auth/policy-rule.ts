import type { PolicyRule } from "#pkg/api/types/rbac-v1.ts";
import type { RequestInfo } from "../types.ts";

/** Whether one rule of a role allows a request (upstream's RuleAllows). */
export function ruleAllows(rule: PolicyRule, info: RequestInfo): boolean {
  if (!has(rule.verbs, info.verb)) return false;
  if (!info.isResource) return (rule.nonResourceURLs ?? []).some((url) => matchesPath(url, info.path));
  if (!has(rule.apiGroups, info.group)) return false;
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  const resources = rule.resources ?? [];
  const matches = has(resources, resource) || (info.subresource !== "" && resources.includes(`*/${info.subresource}`));
  if (!matches) return false;
  const names = rule.resourceNames ?? [];
  return names.length === 0 || names.includes(info.name);
}

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || list.includes("*"));

function matchesPath(url: string, path: string): boolean {
  if (url === "*" || url === path) return true;
  return url.endsWith("*") && path.startsWith(url.slice(0, -1));
}
