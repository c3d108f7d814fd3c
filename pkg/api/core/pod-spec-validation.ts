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
import { compareQuantities } from "../quantity.ts";
import type { Pod, PodSpec, PodTemplateSpec } from "../types/core-v1.ts";
import { checkAffinity } from "./affinity-validation.ts";
import { checkContainers } from "./container-validation.ts";
import { checkEphemeralContainers } from "./ephemeral-container-validation.ts";
import { podTotal } from "./pod-resources.ts";
import { checkAmount, checkResourceName, checkResources } from "./resources-validation.ts";
import { checkSpread, checkTolerations } from "./scheduling-validation.ts";
import { checkPodSecurityContext } from "./security-context-validation.ts";
import { checkVolumes } from "./volume-validation.ts";
import { checkHostProcess, checkOs } from "./windows-validation.ts";

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
  checkPodResources(errors, `${path}.resources`, spec);
  checkResourceClaims(errors, `${path}.resourceClaims`, spec);
  checkEnum(errors, `${path}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES);
  checkEnum(errors, `${path}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES);
  checkLabels(errors, `${path}.nodeSelector`, spec.nodeSelector);
  checkPodSecurityContext(errors, `${path}.securityContext`, spec);
  checkAffinity(errors, `${path}.affinity`, spec.affinity);
  checkTolerations(errors, `${path}.tolerations`, spec.tolerations);
  checkSpread(errors, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints);
  checkHostProcess(errors, path, spec);
  checkNames(errors, path, spec);
  if (spec.dnsConfig !== undefined || spec.dnsPolicy === "None") checkDns(errors, path, spec);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32)) {
    const why = `must be between 1 and ${MAX_INT32}, inclusive`;
    errors.push(fieldError.invalid(`${path}.activeDeadlineSeconds`, deadline, why));
  }
  checkHost(errors, path, spec);
  if (spec.hostAliases !== undefined) checkHostAliases(errors, `${path}.hostAliases`, spec);
  checkGates(errors, path, spec);
  for (const name in spec.overhead) {
    checkResourceName(errors, `${path}.overhead[${name}]`, name);
    checkAmount(errors, `${path}.overhead[${name}]`, name, spec.overhead[name] as string);
  }
  checkOptionalEnum(errors, `${path}.preemptionPolicy`, spec.preemptionPolicy, ["Never", "PreemptLowerPriority"]);
  checkOs(errors, path, spec);
}

/** Claims that containers may refer to, each from one place. */
function checkResourceClaims(errors: Errors, path: string, spec: PodSpec): void {
  const names = new Set<string>();
  for (const [i, claim] of (spec.resourceClaims ?? []).entries()) {
    const at = `${path}[${i}]`;
    if (!claim.name) errors.push(fieldError.required(`${at}.name`));
    else {
      if (names.has(claim.name)) errors.push(fieldError.duplicate(`${at}.name`, claim.name));
      addInvalid(errors, `${at}.name`, claim.name, checkDnsLabel(claim.name));
    }
    names.add(claim.name);
    const { resourceClaimName: claimName, resourceClaimTemplateName: templateName } = claim;
    if (claimName !== undefined && templateName !== undefined) {
      const why = "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified";
      errors.push(fieldError.invalid(at, claim, why));
    } else if (claimName === undefined && templateName === undefined) {
      const why = "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`";
      errors.push(fieldError.invalid(at, claim, why));
    }
    if (claimName !== undefined) addInvalid(errors, `${at}.resourceClaimName`, claimName, checkDnsSubdomain(claimName));
    if (templateName !== undefined) {
      addInvalid(errors, `${at}.resourceClaimTemplateName`, templateName, checkDnsSubdomain(templateName));
    }
  }
  for (const field of ["containers", "initContainers"] as const) {
    for (const [i, container] of (spec[field] ?? []).entries()) {
      for (const [j, { name }] of (container.resources?.claims ?? []).entries()) {
        if (!name || names.has(name)) continue;
        const at = `${path.replace(/resourceClaims$/, field)}[${i}].resources.claims[${j}]`;
        const found = fieldError.notFound(at, name);
        const known = names.size === 0 ? " which is empty" : `: ${[...names].sort().join(", ")}`;
        const message = `${found.message}: must be one of the names in pod.spec.resourceClaims${known}`;
        errors.push({ ...found, message });
      }
    }
  }
}

/** The pod's own resources hold all its containers (KEP-2837). */
function checkPodResources(errors: Errors, path: string, spec: PodSpec): void {
  const { resources } = spec;
  if (resources === undefined) return;
  if (resources.claims !== undefined) {
    errors.push(fieldError.forbidden(`${path}.claims`, "claims cannot be set for Resources at pod-level"));
  }
  checkResources(errors, path, resources);
  for (const field of ["limits", "requests"] as const) {
    for (const name in resources[field]) {
      if (name !== "cpu" && name !== "memory" && !name.startsWith("hugepages-")) {
        errors.push(fieldError.notSupported(`${path}.${field}[${name}]`, name, ["cpu", "hugepages-", "memory"]));
      }
    }
  }
  const { resources: _, ...rest } = spec;
  const sum = podTotal({ metadata: {}, spec: rest } as unknown as Pod, "requests");
  for (const [name, own] of Object.entries(resources.requests ?? {})) {
    const total = sum[name];
    if (total !== undefined && compareQuantities(own, total) < 0) {
      const why = `must be greater than or equal to aggregate container requests of ${total}`;
      errors.push(fieldError.invalid(`${path}.requests[${name}]`, own, why));
    }
  }
  for (const [name, own] of Object.entries(resources.limits ?? {})) {
    for (const [i, container] of spec.containers.entries()) {
      const limit = container.resources?.limits?.[name];
      if (limit === undefined || compareQuantities(limit, own) <= 0) continue;
      const at = `${path.replace(/resources$/, "containers")}[${i}].resources.limits`;
      errors.push(fieldError.invalid(at, limit, `must be less than or equal to pod limits of ${own}`));
    }
  }
}

const MAX_HOSTNAME = 64;

/** What a pod says about its host's namespaces and its own name there. */
function checkHost(errors: Errors, path: string, spec: PodSpec): void {
  if (spec.hostUsers === false) {
    for (const field of ["hostNetwork", "hostPID", "hostIPC"] as const) {
      if (spec[field] === true) {
        errors.push(fieldError.forbidden(`${path}.${field}`, "when `hostUsers` is false"));
      }
    }
  }
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  const at = `${path}.hostnameOverride`;
  if (spec.setHostnameAsFQDN === true) {
    errors.push(fieldError.forbidden(at, "may not be specified when setHostnameAsFQDN is true"));
  }
  if (spec.hostNetwork === true) {
    errors.push(fieldError.forbidden(at, "may not be specified when hostNetwork is true"));
  }
  addInvalid(errors, at, name, checkDnsSubdomain(name));
  if (name.length > MAX_HOSTNAME) errors.push(fieldError.tooLong(at, MAX_HOSTNAME));
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
