import { fieldError } from "#pkg/errors/index.ts";
import {
  addInvalid,
  checkAnnotations,
  checkEnum,
  checkLabels,
  checkOptionalEnum,
  type Errors,
} from "../field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain, checkIp, checkQualifiedName } from "../names.ts";
import type { PodSpec, PodTemplateSpec } from "../types/core-v1.ts";
import { checkAffinity } from "./affinity-validation.ts";
import { checkContainers } from "./container-validation.ts";
import { checkEphemeralContainers } from "./ephemeral-container-validation.ts";
import { checkAmount, checkResourceName, checkResources } from "./resources-validation.ts";
import { checkSpread, checkTolerations } from "./scheduling-validation.ts";
import { checkPodSecurityContext } from "./security-context-validation.ts";
import { checkVolumes } from "./volume-validation.ts";

export const RESTART_POLICIES = ["Always", "OnFailure", "Never"];
const DNS_POLICIES = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const MAX_INT32 = 2_147_483_647;

/** A pod template inside another object. */
export function checkPodTemplate(errors: Errors, path: string, template: PodTemplateSpec | undefined): void {
  const meta = template?.metadata;
  checkLabels(errors, `${path}.labels`, meta?.labels);
  checkAnnotations(errors, `${path}.annotations`, meta?.annotations);
  checkPodSpec(errors, `${path}.spec`, template?.spec ?? { containers: [] });
  if ((template?.spec?.ephemeralContainers ?? []).length > 0) {
    const why = "ephemeral containers not allowed in pod template";
    errors.push(fieldError.forbidden(`${path}.spec.ephemeralContainers`, why));
  }
}

export function checkPodSpec(errors: Errors, path: string, spec: PodSpec): void {
  checkVolumes(errors, `${path}.volumes`, spec.volumes);
  checkContainers(errors, path, spec);
  checkEphemeralContainers(errors, `${path}.ephemeralContainers`, spec);
  checkResources(errors, `${path}.resources`, spec.resources);
  checkEnum(errors, `${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES);
  checkEnum(errors, `${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES);
  checkLabels(errors, `${path}.nodeSelector`, spec.nodeSelector);
  checkPodSecurityContext(errors, `${path}.securityContext`, spec);
  checkAffinity(errors, `${path}.affinity`, spec.affinity);
  checkTolerations(errors, `${path}.tolerations`, spec.tolerations);
  checkSpread(errors, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints);
  checkNames(errors, path, spec);
  if (spec.dnsConfig !== undefined || spec.dnsPolicy === "None") checkDns(errors, path, spec);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)) {
    const why = `must be between 1 and ${MAX_INT32}, inclusive`;
    errors.push(fieldError.invalid(`${path}.activeDeadlineSeconds`, deadline, why));
  }
  if (spec.hostAliases !== undefined) checkHostAliases(errors, `${path}.hostAliases`, spec);
  checkGates(errors, path, spec);
  for (const name in spec.overhead) {
    checkResourceName(errors, `${path}.overhead[${name}]`, name);
    checkAmount(errors, `${path}.overhead[${name}]`, name, spec.overhead[name] as string);
  }
  checkOptionalEnum(errors, `${path}.preemptionPolicy`, spec.preemptionPolicy, ["Never", "PreemptLowerPriority"]);
  if (spec.os !== undefined) checkEnum(errors, `${path}.os.name`, spec.os.name, ["linux", "windows"]);
}

const NAMES = [
  ["serviceAccountName", checkDnsSubdomain],
  ["nodeName", checkDnsSubdomain],
  ["hostname", checkDnsLabel],
  ["subdomain", checkDnsLabel],
  ["priorityClassName", checkDnsSubdomain],
  ["runtimeClassName", checkDnsSubdomain],
  ["schedulerName", checkQualifiedName],
] as const;

function checkNames(errors: Errors, path: string, spec: PodSpec): void {
  for (const [field, check] of NAMES) {
    const value = spec[field];
    if (value) addInvalid(errors, `${path}.${field}`, value, check(value));
  }
}

function checkDns(errors: Errors, path: string, spec: PodSpec): void {
  const config = spec.dnsConfig ?? {};
  const nameservers = config.nameservers ?? [];
  const at = `${path}.dnsConfig`;
  if (spec.dnsPolicy === "None" && nameservers.length === 0) {
    const why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    errors.push(
      spec.dnsConfig === undefined ? fieldError.required(at, why) : fieldError.required(`${at}.nameservers`, why),
    );
  }
  if (nameservers.length > 3) {
    errors.push(fieldError.invalid(`${at}.nameservers`, nameservers, "must not have more than 3 nameservers"));
  }
  for (const [i, ip] of nameservers.entries()) addInvalid(errors, `${at}.nameservers[${i}]`, ip, checkIp(ip));
  const searches = config.searches ?? [];
  if (searches.length > 32) {
    errors.push(fieldError.invalid(`${at}.searches`, searches, "must not have more than 32 search paths"));
  }
  if (searches.join(" ").length > 2048) {
    const why = "must not have more than 2048 characters (including spaces) in the search list";
    errors.push(fieldError.invalid(`${at}.searches`, searches, why));
  }
  for (const [i, search] of searches.entries()) {
    if (search === ".") continue;
    // Names with underscores are common in search paths and allowed (KEP-4427).
    const name = search.replace(/\.$/, "").replaceAll("_", "-");
    addInvalid(errors, `${at}.searches[${i}]`, search, checkDnsSubdomain(name.replace(/^-/, "a")));
  }
  for (const [i, option] of (config.options ?? []).entries()) {
    if (!option.name) errors.push(fieldError.required(`${at}.options[${i}]`, "must not be empty"));
  }
}

function checkHostAliases(errors: Errors, path: string, spec: PodSpec): void {
  for (const [i, alias] of (spec.hostAliases ?? []).entries()) {
    addInvalid(errors, `${path}[${i}].ip`, alias.ip, checkIp(alias.ip ?? ""));
    for (const [j, name] of (alias.hostnames ?? []).entries()) {
      addInvalid(errors, `${path}[${i}].hostnames[${j}]`, name, checkDnsSubdomain(name));
    }
  }
}

function checkGates(errors: Errors, path: string, spec: PodSpec): void {
  for (const [i, gate] of (spec.readinessGates ?? []).entries()) {
    const at = `${path}.readinessGates[${i}].conditionType`;
    addInvalid(errors, at, gate.conditionType, checkQualifiedName(gate.conditionType ?? ""));
  }
  const seen = new Set<string>();
  for (const [i, gate] of (spec.schedulingGates ?? []).entries()) {
    const at = `${path}.schedulingGates[${i}]`;
    addInvalid(errors, at, gate.name, checkQualifiedName(gate.name ?? ""));
    if (seen.has(gate.name)) errors.push(fieldError.duplicate(at, gate.name));
    seen.add(gate.name);
  }
}
