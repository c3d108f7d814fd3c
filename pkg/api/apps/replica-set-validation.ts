import { checkImmutable, checkNotNegative, type Errors } from "../field-checks.ts";
import type { ReplicaSet } from "../types/apps-v1.ts";
import { checkReplicaCounts, checkSelectorAndTemplate } from "./workload-validation.ts";

export function validateReplicaSet(set: ReplicaSet): Errors {
  const errors: Errors = [];
  checkNotNegative(errors, "spec.replicas", set.spec?.replicas);
  checkNotNegative(errors, "spec.minReadySeconds", set.spec?.minReadySeconds);
  checkSelectorAndTemplate(errors, "replicaset", set.spec?.selector, set.spec?.template);
  return errors;
}

export function validateReplicaSetUpdate(set: ReplicaSet, old: ReplicaSet): Errors {
  const errors = validateReplicaSet(set);
  checkImmutable(errors, "spec.selector", set.spec?.selector, old.spec?.selector);
  return errors;
}

export function validateReplicaSetStatusUpdate(set: ReplicaSet): Errors {
  const errors: Errors = [];
  checkReplicaCounts(errors, { ...set.status });
  checkNotNegative(errors, "status.terminatingReplicas", set.status?.terminatingReplicas);
  return errors;
}
