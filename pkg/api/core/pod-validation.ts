import type { FieldError } from "#pkg/errors/index.ts";
import { fieldError } from "#pkg/errors/index.ts";
import type { Pod } from "../types/core-v1.ts";

export function validatePod(pod: Pod): FieldError[] {
  return (pod.spec?.containers ?? []).length === 0 ? [fieldError.required("spec.containers")] : [];
}
export const validatePodUpdate = (pod: Pod, _old: Pod): FieldError[] => validatePod(pod);
export const validatePodStatusUpdate = (_pod: Pod, _old: Pod): FieldError[] => [];
