import { fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../equal.ts";
import type { Errors } from "../field-checks.ts";
import type { Mutable } from "../resource-ref.ts";
import type { Container, Pod, PodSpec, ResourceRequirements } from "../types/core-v1.ts";
import { MIRROR_POD } from "./pod-annotations-validation.ts";
import { qosClassOf } from "./pod-resources.ts";
import { checkPodSpec } from "./pod-spec-validation.ts";

type Containers = readonly Container[];

/**
 * What /resize takes of a request: resources and resize policies. Where containers were added, renamed or moved the
 * request's stay, for validation to refuse.
 */
export function resizedSpec(asked: PodSpec | undefined, old: PodSpec): PodSpec {
  const merged = (now: Containers | undefined, before: Containers | undefined): Containers | undefined => {
    if (now?.length !== before?.length || before?.some((each, i) => each.name !== now?.[i]?.name) === true) return now;
    return before?.map((each, i) => {
      const { resources: _r, resizePolicy: _p, ...rest } = each;
      const { resources, resizePolicy } = now?.[i] ?? each;
      return {
        ...rest,
        ...(resources === undefined ? {} : { resources }),
        ...(resizePolicy === undefined ? {} : { resizePolicy }),
      };
    });
  };
  const initContainers = merged(asked?.initContainers, old.initContainers);
  const { initContainers: _i, ...rest } = old;
  return {
    ...rest,
    containers: merged(asked?.containers, old.containers) ?? [],
    ...(initContainers === undefined ? {} : { initContainers }),
    ...(asked?.resources === undefined ? {} : { resources: asked.resources }),
  };
}

/** Upstream's ValidatePodResize (KEP-1287). */
export function validatePodResize(pod: Pod, old: Pod): Errors {
  const errors: Errors = [];
  checkPodSpec(errors, "spec", pod.spec);
  const refused = refusal(pod, old);
  if (refused !== undefined) return [fieldError.forbidden("", refused)];
  for (const field of ["containers", "initContainers"] as const) {
    const now = pod.spec[field] ?? [];
    const before = old.spec[field] ?? [];
    if (now.length !== before.length || now.some((each, i) => each.name !== before[i]?.name)) {
      return [...errors, fieldError.forbidden("spec", "only cpu and memory resources are mutable")];
    }
  }
  if (qosClassOf(pod) !== (old.status?.qosClass ?? qosClassOf(old))) {
    const why = "Pod QOS Class may not change as a result of resizing";
    errors.push(fieldError.invalid("spec", old.status?.qosClass ?? qosClassOf(old), why));
  }
  if (
    old.status?.containerStatuses?.find(({ state }) => state?.running !== undefined)?.resources === undefined &&
    isRunning(old)
  ) {
    errors.push(fieldError.forbidden("spec", "Pod running on node without support for resize"));
  }
  for (const field of ["initContainers", "containers"] as const) {
    for (const [i, container] of (pod.spec[field] ?? []).entries()) {
      const before = old.spec[field]?.[i] as Container;
      if (field === "initContainers" && before.restartPolicy !== "Always") continue;
      checkRemoved(errors, `spec.${field}[${i}].resources`, container, before);
    }
  }
  checkOnlyCpuAndMemory(errors, pod.spec, old.spec);
  return errors;
}

/** Pods that are never resized. */
function refusal(pod: Pod, old: Pod): string | undefined {
  const ownResources = ({ spec: { resources } }: Pod): boolean =>
    Object.keys({ ...resources?.requests, ...resources?.limits }).length > 0;
  if (ownResources(pod) || ownResources(old)) return "pods with pod-level resources cannot be resized";
  if (old.metadata.annotations?.[MIRROR_POD] !== undefined) return "static pods cannot be resized";
  return old.spec.os?.name === "windows" ? "windows pods cannot be resized" : undefined;
}

/** Whether a node runs containers of it, so that what the node reports tells what it can do. */
const isRunning = (pod: Pod): boolean =>
  pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true;

function checkRemoved(errors: Errors, path: string, container: Container, old: Container): void {
  for (const [field, word] of [
    ["requests", "resource requests cannot be removed"],
    ["limits", "resource limits cannot be removed"],
  ] as const) {
    const before = old.resources?.[field] ?? {};
    if (Object.keys(before).some((name) => container.resources?.[field]?.[name] === undefined)) {
      errors.push(fieldError.forbidden(`${path}.${field}`, word));
    }
  }
}

function checkOnlyCpuAndMemory(errors: Errors, spec: PodSpec, old: PodSpec): void {
  for (const [i, container] of spec.containers.entries()) {
    if (!semanticEqual(withOldCpuAndMemory(container, old.containers[i] as Container), old.containers[i])) {
      errors.push(fieldError.forbidden("spec", "only cpu and memory resources are mutable"));
    }
  }
  for (const [i, container] of (spec.initContainers ?? []).entries()) {
    const before = old.initContainers?.[i] as Container;
    if (container.restartPolicy === "Always") {
      if (!semanticEqual(withOldCpuAndMemory(container, before), before)) {
        const why = "only cpu and memory resources for sidecar containers are mutable";
        errors.push(fieldError.forbidden("spec", why));
      }
    } else if (!semanticEqual(container, before)) {
      errors.push(fieldError.forbidden("spec", "resources for non-sidecar init containers are immutable"));
    }
  }
}

function withOldCpuAndMemory(container: Container, old: Container): Container {
  const resources: Mutable<ResourceRequirements> = { ...(container.resources as Mutable<ResourceRequirements>) };
  for (const field of ["requests", "limits"] as const) {
    const { cpu: _c, memory: _m, ...others } = container.resources?.[field] ?? {};
    const { cpu, memory } = old.resources?.[field] ?? {};
    resources[field] = {
      ...others,
      ...(cpu === undefined ? {} : { cpu }),
      ...(memory === undefined ? {} : { memory }),
    };
  }
  return { ...container, resources };
}
