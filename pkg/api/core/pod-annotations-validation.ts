import { fieldError } from "#pkg/errors/index.ts";
import { type Errors, IMMUTABLE } from "../field-checks.ts";
import type { PodSpec } from "../types/core-v1.ts";

export const MIRROR_POD = "kubernetes.io/config.mirror";
const DELETION_COST = "controller.kubernetes.io/pod-deletion-cost";
const APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/";

type Annotations = Readonly<Record<string, string>> | undefined;

/** Annotations that mean something to the system. */
export function checkPodAnnotations(errors: Errors, path: string, annotations: Annotations, spec: PodSpec): void {
  if (annotations === undefined) return;
  const mirror = annotations[MIRROR_POD];
  if (mirror !== undefined && !spec.nodeName) {
    errors.push(
      fieldError.invalid(`${path}[${MIRROR_POD}]`, mirror, "must set spec.nodeName if mirror pod annotation is set"),
    );
  }
  for (const key in annotations) {
    if (!key.startsWith(APP_ARMOR)) continue;
    const name = key.slice(APP_ARMOR.length);
    const all = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
    if (!all.some((container) => container.name === name)) {
      errors.push(fieldError.invalid(`${path}[${key}]`, name, "container not found"));
    }
    const profile = annotations[key] as string;
    if (
      profile !== "" &&
      profile !== "runtime/default" &&
      profile !== "unconfined" &&
      !profile.startsWith("localhost/")
    ) {
      const why = `invalid AppArmor profile name: ${JSON.stringify(profile)}`;
      errors.push(fieldError.invalid(`${path}[${key}]`, profile, why));
    }
  }
  const cost = annotations[DELETION_COST];
  if (cost !== undefined && !isInt32(cost)) {
    errors.push(fieldError.invalid(`${path}[${DELETION_COST}]`, cost, "must be a 32bit integer"));
  }
}

function isInt32(text: string): boolean {
  // No leading zeros and no plus sign, so that there is one way to write each number.
  return /^(0|-?[1-9]\d{0,9})$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}

/** What an update may not do to them: a mirror pod stays one, and profiles stay. */
export function checkPodAnnotationUpdate(errors: Errors, path: string, now: Annotations, old: Annotations): void {
  const keys = new Set([...Object.keys(now ?? {}), ...Object.keys(old ?? {})]);
  for (const key of keys) {
    const isProfile = key.startsWith(APP_ARMOR);
    if ((key === MIRROR_POD || isProfile) && now?.[key] !== old?.[key]) {
      const why = isProfile ? "may not remove or update AppArmor annotations" : IMMUTABLE;
      errors.push(
        isProfile
          ? fieldError.forbidden(`${path}[${key}]`, why)
          : fieldError.invalid(`${path}[${key}]`, now?.[key] ?? "", why),
      );
    }
  }
}
