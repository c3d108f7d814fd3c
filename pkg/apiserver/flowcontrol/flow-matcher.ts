import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from "#pkg/api/types/flowcontrol-v1.ts";
import type { RequestInfo, UserInfo } from "../types.ts";

/** Whether one of the subjects is this user. */
export function hasSubject(subjects: readonly Subject[] | undefined, user: UserInfo): boolean {
  return (subjects ?? []).some(({ kind, user: name, group, serviceAccount }) => {
    if (kind === "User") return name?.name === "*" || name?.name === user.name;
    if (kind === "Group") return group?.name === "*" || (group !== undefined && user.groups.includes(group.name));
    if (kind !== "ServiceAccount" || serviceAccount === undefined) return false;
    const prefix = `system:serviceaccount:${serviceAccount.namespace}:`;
    return serviceAccount.name === "*" ? user.name.startsWith(prefix) : user.name === prefix + serviceAccount.name;
  });
}

/** A rule of a FlowSchema that allows every request of its subjects needs no look at the request. */
export function matchesEverything({ resourceRules, nonResourceRules }: PolicyRulesWithSubjects): boolean {
  const isAll = (values: readonly string[] | undefined): boolean => values?.includes("*") === true;
  return (
    (resourceRules ?? []).some(
      (rule) =>
        isAll(rule.verbs) &&
        isAll(rule.apiGroups) &&
        isAll(rule.resources) &&
        isAll(rule.namespaces) &&
        rule.clusterScope === true,
    ) && (nonResourceRules ?? []).some((rule) => isAll(rule.verbs) && isAll(rule.nonResourceURLs))
  );
}

/** Whether the rule is about this request; its subjects are looked at by `hasSubject`. */
export function matchesRequest(rule: PolicyRulesWithSubjects, info: RequestInfo): boolean {
  if (info.isResource) return (rule.resourceRules ?? []).some((each) => isAboutResource(each, info));
  return (rule.nonResourceRules ?? []).some((each) => isAboutPath(each, info));
}

function isAboutResource(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.group)) return false;
  const resource = info.subresource === "" ? info.resource : `${info.resource}/${info.subresource}`;
  if (!has(rule.resources, resource)) return false;
  return info.namespace === "" ? rule.clusterScope === true : has(rule.namespaces, info.namespace);
}

function isAboutPath(rule: NonResourcePolicyRule, info: RequestInfo): boolean {
  if (!has(rule.verbs, info.verb)) return false;
  return (rule.nonResourceURLs ?? []).some(
    (url) => url === "*" || url === info.path || (url.endsWith("*") && info.path.startsWith(url.slice(0, -1))),
  );
}

const has = (values: readonly string[] | undefined, value: string): boolean =>
  values !== undefined && (values.includes(value) || values.includes("*"));
