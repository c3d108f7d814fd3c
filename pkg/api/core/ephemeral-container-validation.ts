import { fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../equal.ts";
import type { Errors } from "../field-checks.ts";
import type { PodSpec } from "../types/core-v1.ts";
import { checkCommon } from "./container-validation.ts";

const ALLOWED = new Set([
  "args",
  "command",
  "env",
  "envFrom",
  "image",
  "imagePullPolicy",
  "name",
  "securityContext",
  "stdin",
  "stdinOnce",
  "targetContainerName",
  "terminationMessagePath",
  "terminationMessagePolicy",
  "tty",
  "volumeDevices",
  "volumeMounts",
  "workingDir",
]);
const NOT_HERE = "cannot be set for an Ephemeral Container";

/** Ephemeral containers run beside the others and are nothing that a pod relies on: no ports, probes or resources. */
export function checkEphemeralContainers(errors: Errors, path: string, spec: PodSpec): void {
  const all = spec.ephemeralContainers ?? [];
  if (all.length === 0) return;
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  const others = new Set([...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name));
  const names = new Set(others);
  for (const [i, container] of all.entries()) {
    const at = `${path}[${i}]`;
    checkCommon(errors, at, container, names, volumes, spec);
    const target = container.targetContainerName;
    if (target && !others.has(target)) errors.push(fieldError.notFound(`${at}.targetContainerName`, target));
    for (const [field, value] of Object.entries(container)) {
      if (!ALLOWED.has(field) && !semanticEqual(value, undefined)) {
        errors.push(fieldError.forbidden(`${at}.${field}`, NOT_HERE));
      }
    }
    for (const [j, mount] of (container.volumeMounts ?? []).entries()) {
      for (const field of ["subPath", "subPathExpr"] as const) {
        if (mount[field]) errors.push(fieldError.forbidden(`${at}.volumeMounts[${j}].${field}`, NOT_HERE));
      }
    }
  }
}
