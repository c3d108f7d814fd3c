import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkImmutable, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain, checkIp, checkQualifiedName } from "../names.ts";
import type { ContainerStatus, Pod, PodSpec } from "../types/core-v1.ts";
import { checkPodAnnotations } from "./pod-annotations-validation.ts";
import { checkPodSpec } from "./pod-spec-validation.ts";
import { checkTokenHasAccount } from "./projected-volume-validation.ts";

export function validatePod(pod: Pod): Errors {
  const errors: Errors = [];
  checkPodAnnotations(errors, "metadata.annotations", pod.metadata.annotations, pod.spec);
  checkPodSpec(errors, "spec", pod.spec);
  checkTokenHasAccount(errors, "spec", pod.spec);
  if ((pod.spec.ephemeralContainers ?? []).length > 0) {
    errors.push(fieldError.forbidden("spec.ephemeralContainers", "cannot be set on create"));
  }
  if (pod.spec.nodeName && (pod.spec.schedulingGates ?? []).length > 0) {
    const why = "cannot be set until all schedulingGates have been cleared";
    errors.push(fieldError.forbidden("spec.nodeName", why));
  }
  return errors;
}

const SYSTEM_CONDITIONS = new Set(["PodScheduled", "Ready", "Initialized"]);

export function validatePodStatusUpdate(pod: Pod, old: Pod): Errors {
  const errors: Errors = [];
  const status = pod.status ?? {};
  const before = old.status ?? {};
  for (const [i, { type }] of (status.conditions ?? []).entries()) {
    if (SYSTEM_CONDITIONS.has(type)) continue;
    addInvalid(errors, `metadata.conditions[${i}].Type`, type, checkQualifiedName(type ?? ""));
  }
  if ((pod.spec?.nodeName ?? "") !== (old.spec?.nodeName ?? "")) {
    errors.push(fieldError.forbidden("status.nodeName", "may not be changed directly"));
  }
  const nominated = status.nominatedNodeName;
  if (nominated && nominated !== before.nominatedNodeName) {
    addInvalid(errors, "status.nominatedNodeName", nominated, checkDnsSubdomain(nominated));
  }
  checkImmutable(errors, "status.qosClass", status.qosClass ?? "", before.qosClass ?? "");
  for (const field of ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const) {
    checkStaysTerminated(errors, `status.${field}`, status[field], before[field], mayRestart(field, old.spec));
  }
  const claims = new Set<string>();
  for (const [i, claim] of (status.resourceClaimStatuses ?? []).entries()) {
    const at = `status.resourceClaimStatuses[${i}].name`;
    if (!(pod.spec?.resourceClaims ?? []).some(({ name }) => name === claim.name)) {
      errors.push(fieldError.invalid(at, claim.name, "must match the name of an entry in `spec.resourceClaims`"));
    }
    if (claims.has(claim.name)) errors.push(fieldError.duplicate(at, claim.name));
    claims.add(claim.name);
    const made = claim.resourceClaimName;
    if (made !== undefined) addInvalid(errors, at, made, checkDnsSubdomain(made));
  }
  checkIps(errors, "status.podIPs", status.podIPs);
  checkIps(errors, "status.hostIPs", status.hostIPs);
  return errors;
}

/** One address of each family, each once. */
function checkIps(errors: Errors, path: string, ips: readonly { readonly ip: string }[] | undefined): void {
  if (ips === undefined) return;
  for (const [i, { ip }] of ips.entries()) addInvalid(errors, `${path}[${i}]`, ip, checkIp(ip ?? ""));
  if (ips.length < 2 || errors.some(({ field }) => field.startsWith(path))) return;
  const [first, second] = ips.map(({ ip }) => ip);
  const families = new Set(ips.map(({ ip }) => ip.includes(":")));
  if (ips.length > 2 || families.size !== 2) {
    const why = "may specify no more than one IP for each IP family";
    errors.push(fieldError.invalid(path, ips, why));
  }
  if (first === second) errors.push(fieldError.duplicate(`${path}[1]`, { ip: second }));
}

type Statuses = "containerStatuses" | "initContainerStatuses" | "ephemeralContainerStatuses";

/** Whether a container that ended with this exit code may run again. */
function mayRestart(field: Statuses, spec: PodSpec): (name: string, exitCode: number) => boolean {
  if (field === "ephemeralContainerStatuses") return () => false;
  const all = field === "containerStatuses" ? spec.containers : (spec.initContainers ?? []);
  return (name, exitCode) => {
    if (spec.restartPolicy === "Always") return true;
    const container = all.find((each) => each.name === name);
    // A container's own policy and rules come before the pod's (KEP-753, KEP-5307).
    if ((container?.restartPolicyRules ?? []).length > 0) return true;
    const policy = container?.restartPolicy ?? spec.restartPolicy;
    return policy === "Always" || (exitCode !== 0 && policy === "OnFailure");
  };
}

/** A container that ended for good does not run again. */
function checkStaysTerminated(
  errors: Errors,
  path: string,
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  restarts: (name: string, exitCode: number) => boolean,
): void {
  for (const [i, before] of (old ?? []).entries()) {
    const ended = before.state?.terminated;
    if (ended === undefined || restarts(before.name, ended.exitCode)) continue;
    const after = now?.find((c) => c.name === before.name);
    if (after !== undefined && after.state?.terminated === undefined) {
      errors.push(fieldError.forbidden(`${path}[${i}].state`, "may not be transitioned to non-terminated state"));
    }
  }
}
