import { fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../equal.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain, checkIp } from "../names.ts";
import type { Mutable } from "../resource-ref.ts";
import type { ContainerStatus, Pod, PodSpec, Toleration } from "../types/core-v1.ts";
import { checkPodSpec } from "./pod-spec-validation.ts";

export function validatePod(pod: Pod): Errors {
  const errors: Errors = [];
  checkPodSpec(errors, "spec", pod.spec);
  if ((pod.spec.ephemeralContainers ?? []).length > 0) {
    errors.push(fieldError.forbidden("spec.ephemeralContainers", "cannot be set on create"));
  }
  return errors;
}

export function validatePodUpdate(pod: Pod, old: Pod): Errors {
  const errors: Errors = [];
  checkPodSpec(errors, "spec", pod.spec);
  if (pod.spec.containers.length !== old.spec.containers.length) {
    return [...errors, fieldError.forbidden("spec.containers", "pod updates may not add or remove containers")];
  }
  if ((pod.spec.initContainers ?? []).length !== (old.spec.initContainers ?? []).length) {
    return [...errors, fieldError.forbidden("spec.initContainers", "pod updates may not add or remove containers")];
  }
  checkDeadline(errors, pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds);
  checkTolerationsKept(errors, pod.spec.tolerations ?? [], old.spec.tolerations ?? []);
  checkGatesOnlyGo(errors, pod.spec, old.spec);
  const changed = changedFields(pod.spec, old.spec);
  if (changed.length > 0) errors.push(fieldError.forbidden("spec", `${MUTABLE}\n${changed.join("\n")}`));
  return errors;
}

const MUTABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

function checkDeadline(errors: Errors, now: number | undefined, old: number | undefined): void {
  const path = "spec.activeDeadlineSeconds";
  if (old === undefined) return;
  if (now === undefined) {
    errors.push(fieldError.invalid(path, now, "must not update from a positive integer to nil value"));
  } else if (now > old) errors.push(fieldError.invalid(path, now, "must be less than or equal to previous value"));
}

function checkTolerationsKept(errors: Errors, now: readonly Toleration[], old: readonly Toleration[]): void {
  const sansSeconds = (t: Toleration): Toleration => ({ ...t, tolerationSeconds: 0 });
  const lost = old.some((o) => !now.some((n) => semanticEqual(sansSeconds(n), sansSeconds(o))));
  if (lost) {
    const why = "existing toleration can not be modified except its tolerationSeconds";
    errors.push(fieldError.forbidden("spec.tolerations", why));
  }
}

function checkGatesOnlyGo(errors: Errors, spec: PodSpec, old: PodSpec): void {
  const before = new Set((old.schedulingGates ?? []).map((gate) => gate.name));
  const added = (spec.schedulingGates ?? []).filter((gate) => !before.has(gate.name)).map((gate) => gate.name);
  if (added.length > 0) {
    errors.push(
      fieldError.forbidden(
        "spec.schedulingGates",
        `only deletion is allowed, but found new scheduling gates '${added.join(", ")}'`,
      ),
    );
  }
}

/** Paths that differ and may not, as JSON paths of the first difference in each field. */
function changedFields(spec: PodSpec, old: PodSpec): string[] {
  const may = mutableCopyOf(spec, old);
  return Object.keys({ ...may, ...old })
    .filter(
      (field) => !semanticEqual(may[field as keyof PodSpec] || undefined, old[field as keyof PodSpec] || undefined),
    )
    .map((field) => `  spec.${field}`);
}

/** The new spec with every field that may change put back. */
function mutableCopyOf(spec: PodSpec, old: PodSpec): PodSpec {
  const copy: Mutable<PodSpec> = { ...(spec as Mutable<PodSpec>) };
  const withOldImages = (list: PodSpec["containers"], olds: PodSpec["containers"]): PodSpec["containers"] =>
    list.map((c, i) => (olds[i]?.image === undefined ? c : { ...c, image: olds[i].image }));
  copy.containers = withOldImages(spec.containers, old.containers) as typeof copy.containers;
  if (spec.initContainers !== undefined) {
    copy.initContainers = withOldImages(spec.initContainers, old.initContainers ?? []) as typeof copy.containers;
  }
  const put = <K extends keyof PodSpec>(field: K): void => {
    if (old[field] === undefined) delete copy[field];
    else copy[field] = old[field] as Mutable<PodSpec>[K];
  };
  put("activeDeadlineSeconds");
  put("tolerations");
  put("schedulingGates");
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    put("terminationGracePeriodSeconds");
  }
  // Nothing has looked at where a gated pod may go: its node selector and affinity may still change (KEP-3838).
  if ((old.schedulingGates ?? []).length > 0) {
    put("nodeSelector");
    put("affinity");
  }
  return copy;
}

export function validatePodStatusUpdate(pod: Pod, old: Pod): Errors {
  const errors: Errors = [];
  const nominated = pod.status?.nominatedNodeName;
  if (nominated) addInvalid(errors, "status.nominatedNodeName", nominated, checkDnsSubdomain(nominated));
  if ((pod.spec?.nodeName ?? "") !== (old.spec?.nodeName ?? "")) {
    errors.push(fieldError.forbidden("status.nodeName", "may not be changed directly"));
  }
  for (const [i, ip] of (pod.status?.podIPs ?? []).entries()) {
    addInvalid(errors, `status.podIPs[${i}].ip`, ip.ip, checkIp(ip.ip ?? ""));
  }
  const policy = old.spec?.restartPolicy;
  if (policy !== "Always" && !(pod.spec?.containers ?? []).some((c) => c.restartPolicy !== undefined)) {
    const path = "status.containerStatuses";
    checkStaysTerminated(errors, path, pod.status?.containerStatuses, old.status?.containerStatuses, policy);
  }
  return errors;
}

/** A container that ended for good does not run again. */
function checkStaysTerminated(
  errors: Errors,
  path: string,
  now: readonly ContainerStatus[] | undefined,
  old: readonly ContainerStatus[] | undefined,
  policy: string | undefined,
): void {
  for (const [i, before] of (old ?? []).entries()) {
    const ended = before.state?.terminated;
    if (ended === undefined || (ended.exitCode !== 0 && policy === "OnFailure")) continue;
    const after = now?.find((c) => c.name === before.name);
    if (after !== undefined && after.state?.terminated === undefined) {
      errors.push(fieldError.forbidden(`${path}[${i}].state`, "may not be transitioned to non-terminated state"));
    }
  }
}
