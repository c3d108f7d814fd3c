import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkLabelSelector, type Errors } from "../field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from "../names.ts";
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from "../types/core-v1.ts";

const WEIGHT = "must be in the range 1-100";
const OPERATOR = "not a valid selector operator";

export function checkAffinity(errors: Errors, path: string, affinity: Affinity | undefined): void {
  if (affinity === undefined) return;
  const node = affinity.nodeAffinity;
  const required = node?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required !== undefined) {
    checkNodeSelector(errors, `${path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution`, required);
  }
  for (const [i, term] of (node?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${path}.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    checkWeight(errors, at, term.weight);
    checkNodeSelectorTerm(errors, `${at}.preference`, term.preference ?? {});
  }
  checkPodAffinity(errors, `${path}.podAffinity`, affinity.podAffinity);
  checkPodAffinity(errors, `${path}.podAntiAffinity`, affinity.podAntiAffinity);
}

export function checkNodeSelector(errors: Errors, path: string, selector: NodeSelector): void {
  if ((selector.nodeSelectorTerms ?? []).length === 0) {
    errors.push(fieldError.required(`${path}.nodeSelectorTerms`, "must have at least one node selector term"));
    return;
  }
  for (const [i, term] of selector.nodeSelectorTerms.entries()) {
    checkNodeSelectorTerm(errors, `${path}.nodeSelectorTerms[${i}]`, term);
  }
}

function checkNodeSelectorTerm(errors: Errors, path: string, term: NodeSelectorTerm): void {
  for (const [i, e] of (term.matchExpressions ?? []).entries()) {
    checkExpression(errors, `${path}.matchExpressions[${i}]`, e);
  }
  for (const [i, e] of (term.matchFields ?? []).entries()) {
    const at = `${path}.matchFields[${i}]`;
    const count = (e.values ?? []).length;
    if (e.operator !== "In" && e.operator !== "NotIn") {
      errors.push(fieldError.invalid(`${at}.operator`, e.operator, OPERATOR));
    } else if (count !== 1) {
      const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      errors.push(fieldError.required(`${at}.values`, why));
    }
    if (e.key !== "metadata.name")
      errors.push(fieldError.invalid(`${at}.key`, e.key, "not a valid field selector key"));
    else for (const v of e.values ?? []) addInvalid(errors, `${at}.values`, v, checkDnsSubdomain(v));
  }
}

function checkExpression(errors: Errors, path: string, e: NodeSelectorRequirement): void {
  const count = (e.values ?? []).length;
  switch (e.operator) {
    case "In":
    case "NotIn":
      if (count === 0) {
        errors.push(fieldError.required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
      break;
    case "Exists":
    case "DoesNotExist":
      if (count > 0) {
        const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(fieldError.forbidden(`${path}.values`, why));
      }
      break;
    case "Gt":
    case "Lt":
      if (count !== 1) {
        const why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
        errors.push(fieldError.required(`${path}.values`, why));
      }
      break;
    default:
      errors.push(fieldError.invalid(`${path}.operator`, e.operator, OPERATOR));
  }
  addInvalid(errors, `${path}.key`, e.key, checkQualifiedName(e.key ?? ""));
}

function checkWeight(errors: Errors, path: string, weight: number | undefined): void {
  if (weight === undefined || weight < 1 || weight > 100) {
    errors.push(fieldError.invalid(`${path}.weight`, weight ?? 0, WEIGHT));
  }
}

function checkPodAffinity(errors: Errors, path: string, affinity: PodAffinity | undefined): void {
  for (const [i, term] of (affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    checkTerm(errors, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${i}]`, term);
  }
  for (const [i, term] of (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const at = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${i}]`;
    checkWeight(errors, at, term.weight);
    checkTerm(errors, `${at}.podAffinityTerm`, term.podAffinityTerm ?? { topologyKey: "" });
  }
}

function checkTerm(errors: Errors, path: string, term: PodAffinityTerm): void {
  checkLabelSelector(errors, `${path}.labelSelector`, term.labelSelector);
  checkLabelSelector(errors, `${path}.namespaceSelector`, term.namespaceSelector);
  for (const [i, name] of (term.namespaces ?? []).entries()) {
    addInvalid(errors, `${path}.namespaces[${i}]`, name, checkDnsLabel(name));
  }
  for (const field of ["matchLabelKeys", "mismatchLabelKeys"] as const) {
    for (const [i, key] of (term[field] ?? []).entries()) {
      addInvalid(errors, `${path}.${field}[${i}]`, key, checkQualifiedName(key));
    }
    if ((term[field] ?? []).length > 0 && term.labelSelector === undefined) {
      errors.push(fieldError.forbidden(`${path}.${field}`, "must not be specified when labelSelector is not set"));
    }
  }
  if (!term.topologyKey) errors.push(fieldError.required(`${path}.topologyKey`, "can not be empty"));
  else addInvalid(errors, `${path}.topologyKey`, term.topologyKey, checkQualifiedName(term.topologyKey));
}
