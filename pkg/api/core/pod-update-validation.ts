import { fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../equal.ts";
import type { Errors } from "../field-checks.ts";
import type { Mutable } from "../resource-ref.ts";
import type { Container, NodeAffinity, NodeSelectorTerm, Pod, PodSpec, Toleration } from "../types/core-v1.ts";
import { checkPodAnnotations, checkPodAnnotationUpdate } from "./pod-annotations-validation.ts";
import { checkPodSpec } from "./pod-spec-validation.ts";
import { checkTokenHasAccount } from "./projected-volume-validation.ts";

const MUTABLE =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`," +
  "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations)," +
  "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
const MAX_INT32 = 2_147_483_647;

/** Upstream's ValidatePodUpdate, in its order. */
export function validatePodUpdate(pod: Pod, old: Pod): Errors {
  const errors: Errors = [];
  checkPodAnnotations(errors, "metadata.annotations", pod.metadata.annotations, pod.spec);
  checkPodSpec(errors, "spec", pod.spec);
  checkTokenHasAccount(errors, "spec", pod.spec);
  checkPodAnnotationUpdate(errors, "metadata.annotations", pod.metadata.annotations, old.metadata.annotations);
  for (const field of ["containers", "initContainers"] as const) {
    if ((pod.spec[field] ?? []).length !== (old.spec[field] ?? []).length) {
      return [...errors, fieldError.forbidden(`spec.${field}`, "pod updates may not add or remove containers")];
    }
    for (const [i, container] of (pod.spec[field] ?? []).entries()) {
      if (!container.image) errors.push(fieldError.required(`spec.${field}[${i}].image`));
    }
  }
  if (!checkDeadline(errors, pod.spec.activeDeadlineSeconds, old.spec.activeDeadlineSeconds)) return errors;
  checkTolerationsKept(errors, pod.spec.tolerations ?? [], old.spec.tolerations ?? []);
  checkGatesOnlyGo(errors, pod.spec, old.spec);
  if (semanticEqual(pod.spec, old.spec)) return errors;
  const fixed = fixedFields(errors, pod.spec, old.spec);
  const changed = changedFields(fixed, old.spec);
  if (changed.length > 0) errors.push(fieldError.forbidden("spec", `${MUTABLE}\n${changed.join("\n")}`));
  return errors;
}

/** False when nothing else is to be looked at. */
function checkDeadline(errors: Errors, now: number | undefined, old: number | undefined): boolean {
  const path = "spec.activeDeadlineSeconds";
  if (now === undefined) {
    if (old !== undefined) {
      errors.push(fieldError.invalid(path, now, "must not update from a positive integer to nil value"));
    }
    return true;
  }
  if (now < 0 || now > MAX_INT32) {
    errors.push(fieldError.invalid(path, now, `must be between 0 and ${MAX_INT32}, inclusive`));
    return false;
  }
  if (old !== undefined && now > old) {
    errors.push(fieldError.invalid(path, now, "must be less than or equal to previous value"));
    return false;
  }
  return true;
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
  for (const [i, gate] of (spec.schedulingGates ?? []).entries()) {
    if (before.has(gate.name)) continue;
    const why = `only deletion is allowed, but found new scheduling gate '${gate.name}'`;
    errors.push(fieldError.forbidden(`spec.schedulingGates[${i}]`, why));
  }
}

/** The new spec with every field that may change put back to what it was; says where a change goes too far. */
function fixedFields(errors: Errors, spec: PodSpec, old: PodSpec): PodSpec {
  const copy: Mutable<PodSpec> = { ...(spec as Mutable<PodSpec>) };
  const withOldImages = (list: readonly Container[], olds: readonly Container[]): Mutable<Container>[] =>
    list.map((c, i) => ({ ...c, image: olds[i]?.image }) as Mutable<Container>);
  copy.containers = withOldImages(spec.containers, old.containers);
  if (spec.initContainers !== undefined) {
    copy.initContainers = withOldImages(spec.initContainers, old.initContainers ?? []);
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
  // Nothing has looked at where a gated pod may go: that may still be narrowed (KEP-3838).
  if ((old.schedulingGates ?? []).length === 0) return copy as PodSpec;
  for (const key in old.nodeSelector) {
    if (spec.nodeSelector?.[key] !== old.nodeSelector[key]) {
      errors.push(
        fieldError.invalid(
          "spec.nodeSelector",
          spec.nodeSelector ?? {},
          "only additions to spec.nodeSelector are allowed (no mutations or deletions)",
        ),
      );
      break;
    }
  }
  put("nodeSelector");
  const affinity = { ...spec.affinity, nodeAffinity: old.affinity?.nodeAffinity } as Mutable<
    NonNullable<PodSpec["affinity"]>
  >;
  checkNodeAffinityNarrowed(errors, spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity);
  if (old.affinity?.nodeAffinity === undefined) delete affinity.nodeAffinity;
  if (Object.keys(affinity).length > 0) copy.affinity = affinity;
  else put("affinity");
  return copy as PodSpec;
}

/** Required terms may be added to, each by more requirements; preferences are free. */
function checkNodeAffinityNarrowed(errors: Errors, now: NodeAffinity | undefined, old: NodeAffinity | undefined): void {
  const at = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution";
  const before = old?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  if (before === undefined || before.length === 0) return;
  const after = now?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (after.length !== before.length) {
    const why = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
    errors.push(fieldError.invalid(`${at}.nodeSelectorTerms`, after, why));
    return;
  }
  for (const [i, term] of before.entries()) {
    if (!isNarrowed(after[i] ?? {}, term)) {
      const why = "only additions are allowed (no mutations or deletions)";
      errors.push(fieldError.invalid(`${at}.nodeSelectorTerms[${i}]`, after[i], why));
    }
  }
}

function isNarrowed(now: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const isEmpty = (old.matchExpressions ?? []).length === 0 && (old.matchFields ?? []).length === 0;
  if (isEmpty) return semanticEqual(now, old);
  return (["matchExpressions", "matchFields"] as const).every((field) =>
    (old[field] ?? []).every((requirement, i) => semanticEqual(requirement, now[field]?.[i])),
  );
}

const changedFields = (now: PodSpec, old: PodSpec): string[] =>
  Object.keys({ ...now, ...old })
    .filter(
      (field) => !semanticEqual(now[field as keyof PodSpec] || undefined, old[field as keyof PodSpec] || undefined),
    )
    .map((field) => `  spec.${field}`);
