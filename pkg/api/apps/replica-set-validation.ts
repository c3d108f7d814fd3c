import type { FieldError } from "#pkg/errors/index.ts";
import { fieldError } from "#pkg/errors/index.ts";
import type { ReplicaSet } from "../types/apps-v1.ts";

export function validateReplicaSet(set: ReplicaSet): FieldError[] {
  return set.spec?.selector === undefined ? [fieldError.required("spec.selector")] : [];
}
export const validateReplicaSetUpdate = (set: ReplicaSet, _old: ReplicaSet): FieldError[] => validateReplicaSet(set);
export const validateReplicaSetStatusUpdate = (_set: ReplicaSet, _old: ReplicaSet): FieldError[] => [];
