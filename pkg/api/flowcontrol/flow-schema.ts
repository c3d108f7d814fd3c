import { fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain } from "../names.ts";
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from "../types/flowcontrol-v1.ts";
import { checkConditions } from "./conditions.ts";
import { EXEMPT, MANDATORY_SCHEMAS } from "./default-objects.ts";

const MAX_PRECEDENCE = 10_000;
const METHODS = ["ByNamespace", "ByUser"];
const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const SUBJECT_KINDS = ["Group", "ServiceAccount", "User"];
const NAMESPACE_RULE = "each member of this list must be '*' or a DNS-1123 label; ";

/** Upstream's ValidateFlowSchema. */
export function validateFlowSchema(object: FlowSchema): Errors {
  const errors: Errors = [];
  const { spec } = object;
  const name = object.metadata.name ?? "";
  const precedence = spec.matchingPrecedence ?? 0;
  const wrongPrecedence = (why: string): void => {
    errors.push(fieldError.invalid("spec.matchingPrecedence", precedence, why));
  };
  if (precedence <= 0) wrongPrecedence("must be a positive value");
  if (precedence > MAX_PRECEDENCE) wrongPrecedence(`must not be greater than ${MAX_PRECEDENCE}`);
  if (precedence === 1 && name !== EXEMPT)
    wrongPrecedence("only the schema named 'exempt' may have matchingPrecedence 1");
  const method = spec.distinguisherMethod;
  if (method !== undefined && !METHODS.includes(method.type))
    errors.push(fieldError.notSupported("spec.distinguisherMethod.type", method, METHODS));
  const level = spec.priorityLevelConfiguration?.name ?? "";
  const levelPath = "spec.priorityLevelConfiguration.name";
  if (level === "") errors.push(fieldError.required(levelPath, "must reference a priority level"));
  else addInvalid(errors, levelPath, level, checkDnsSubdomain(level));
  for (const [i, rule] of (spec.rules ?? []).entries()) checkRules(errors, `spec.rules[${i}]`, rule);
  if (Object.hasOwn(MANDATORY_SCHEMAS, name) && !semanticEqual(spec, MANDATORY_SCHEMAS[name]))
    errors.push(fieldError.invalid("spec", spec, `spec of '${name}' must equal the fixed value`));
  checkConditions(errors, object.status?.conditions);
  return errors;
}

function checkRules(errors: Errors, path: string, rule: Partial<PolicyRulesWithSubjects>): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule;
  if (subjects.length === 0)
    errors.push(fieldError.required(`${path}.subjects`, "subjects must contain at least one value"));
  for (const [i, subject] of subjects.entries()) checkSubject(errors, `${path}.subjects[${i}]`, subject);
  if (resourceRules.length === 0 && nonResourceRules.length === 0)
    errors.push(fieldError.required(path, "at least one of resourceRules and nonResourceRules has to be non-empty"));
  for (const [i, each] of resourceRules.entries()) checkResourceRule(errors, `${path}.resourceRules[${i}]`, each);
  for (const [i, each] of nonResourceRules.entries()) checkPathRule(errors, `${path}.nonResourceRules[${i}]`, each);
}

function checkPathRule(errors: Errors, path: string, rule: Partial<NonResourcePolicyRule>): void {
  const { verbs = [], nonResourceURLs: urls = [] } = rule;
  checkVerbs(errors, path, verbs);
  const at = `${path}.nonResourceURLs`;
  if (urls.length === 0) errors.push(fieldError.required(at, "nonResourceURLs must contain at least one value"));
  else if (urls.includes("*")) checkAlone(errors, at, urls, "non-resource URLs");
  else
    for (const [i, url] of urls.entries()) {
      const why = urlError(url);
      if (why !== undefined) errors.push(fieldError.invalid(`${at}[${i}]`, url, why));
    }
}

function checkSubject(errors: Errors, path: string, subject: Subject): void {
  if (!SUBJECT_KINDS.includes(subject.kind)) {
    errors.push(fieldError.notSupported(`${path}.kind`, subject.kind ?? "", SUBJECT_KINDS));
    return;
  }
  for (const kind of ["ServiceAccount", "User", "Group"] as const) {
    const field = kind === "ServiceAccount" ? "serviceAccount" : kind === "User" ? "user" : "group";
    const value = subject[field];
    if (kind !== subject.kind) {
      if (value !== undefined)
        errors.push(
          fieldError.forbidden(`${path}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`),
        );
    } else if (value === undefined)
      errors.push(fieldError.required(`${path}.${field}`, `${field} is required when subject kind is '${kind}'`));
    else if (!value.name) errors.push(fieldError.required(`${path}.${field}.name`));
  }
  if (subject.kind === "ServiceAccount" && subject.serviceAccount !== undefined)
    checkServiceAccount(errors, `${path}.serviceAccount`, subject.serviceAccount);
}

function checkServiceAccount(errors: Errors, path: string, account: Partial<ServiceAccountSubject>): void {
  const { name = "", namespace = "" } = account;
  if (name !== "" && name !== "*") addInvalid(errors, `${path}.name`, name, checkDnsSubdomain(name));
  if (namespace !== "") addInvalid(errors, `${path}.namespace`, namespace, checkDnsLabel(namespace));
  else errors.push(fieldError.required(`${path}.namespace`, "must specify namespace for service account"));
}

function checkResourceRule(errors: Errors, path: string, rule: Partial<ResourcePolicyRule>): void {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope = false } = rule;
  checkVerbs(errors, path, verbs);
  if (apiGroups.length === 0)
    errors.push(fieldError.required(`${path}.apiGroups`, "resource rules must supply at least one api group"));
  else if (apiGroups.includes("*")) checkAlone(errors, `${path}.apiGroups`, apiGroups, "api groups");
  if (resources.length === 0)
    errors.push(fieldError.required(`${path}.resources`, "resource rules must supply at least one resource"));
  else if (resources.includes("*")) checkAlone(errors, `${path}.resources`, resources, "resources");
  const at = `${path}.namespaces`;
  if (namespaces.length === 0 && !clusterScope)
    errors.push(
      fieldError.required(at, "resource rules that are not cluster scoped must supply at least one namespace"),
    );
  else if (namespaces.includes("*")) checkAlone(errors, at, namespaces, "namespaces");
  else
    for (const [i, namespace] of namespaces.entries())
      for (const message of checkDnsLabel(namespace))
        errors.push(fieldError.invalid(`${at}[${i}]`, namespace, NAMESPACE_RULE + message));
}

function checkVerbs(errors: Errors, path: string, verbs: readonly string[]): void {
  if (verbs.length === 0) errors.push(fieldError.required(`${path}.verbs`, "verbs must contain at least one value"));
  else if (verbs.includes("*")) checkAlone(errors, `${path}.verbs`, verbs, "verbs");
  else if (!verbs.every((verb) => VERBS.includes(verb)))
    errors.push(fieldError.notSupported(`${path}.verbs`, verbs, VERBS));
}

function checkAlone(errors: Errors, path: string, values: readonly string[], what: string): void {
  if (values.length > 1)
    errors.push(fieldError.invalid(path, values, `if '*' is present, must not specify other ${what}`));
}

/** Why a path of a non-resource rule is none; "*" may stand at its end alone, after a slash. */
function urlError(url: string): string | undefined {
  if (url === "") return "must not be empty";
  if (url === "/") return undefined;
  if (!url.startsWith("/")) return "must start with slash";
  if (url.includes(" ")) return "must not contain white-space";
  if (url.includes("//")) return "must not contain double slash";
  const star = url.indexOf("*");
  return star < 0 || (star === url.length - 1 && url.endsWith("/*"))
    ? undefined
    : "wildcard can only do suffix matching";
}
