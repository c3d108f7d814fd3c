import { fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "../equal.ts";
import type { Errors } from "../field-checks.ts";
import type { Pod } from "../types/core-v1.ts";
import { MIRROR_POD } from "./pod-annotations-validation.ts";
import { checkPodSpec } from "./pod-spec-validation.ts";

/** Upstream's ValidatePodEphemeralContainersUpdate: there may only be more of them. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Pod): Errors {
  if (old.metadata.annotations?.[MIRROR_POD] !== undefined) {
    return [fieldError.forbidden("", "static pods do not support ephemeral containers")];
  }
  const errors: Errors = [];
  checkPodSpec(errors, "spec", pod.spec);
  for (const was of old.spec.ephemeralContainers ?? []) {
    const now = pod.spec.ephemeralContainers?.find(({ name }) => name === was.name);
    if (now !== undefined && semanticEqual(now, was)) continue;
    const what = now === undefined ? "removed" : "changed";
    const why = `existing ephemeral containers ${JSON.stringify(was.name)} may not be ${what}\n`;
    errors.push(fieldError.forbidden("spec.ephemeralContainers", why));
  }
  return errors;
}
