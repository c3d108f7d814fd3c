import type { CustomResourceDefinitionCondition } from "#pkg/api/types/apiextensions-v1.ts";
import { timestamp } from "../registry/index.ts";
import type { ResourceHooks } from "../types.ts";
import { withCondition, type WantedCondition } from "./conditions.ts";

/** Holds a CRD back until its objects are gone. */
export const CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";

const terminating = (status: "True" | "False", reason: string, message: string): WantedCondition => ({
  type: "Terminating",
  status,
  reason,
  message,
});

export const DELETION_PENDING = terminating(
  "True",
  "InstanceDeletionPending",
  "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
);
export const DELETION_IN_PROGRESS = terminating(
  "True",
  "InstanceDeletionInProgress",
  "CustomResource deletion is in progress",
);
export const DELETION_COMPLETED = terminating("False", "InstanceDeletionCompleted", "removed all instances");
export const NEVER_ESTABLISHED = terminating("False", "NeverEstablished", "resource was never established");

export const deletionFailed = (why: string): WantedCondition =>
  terminating("True", "InstanceDeletionFailed", `could not issue all deletes: ${why}`);
export const deletionUnfinished = (remaining: number): WantedCondition =>
  terminating(
    "True",
    "InstanceDeletionCheck",
    `could not confirm zero CustomResources remaining: ${remaining} instances left`,
  );

/** The first DELETE of a CRD: from then on nothing new of its kind is created. */
export function cleanupHooks(now: () => number): ResourceHooks {
  return {
    markDelete(crd: {
      metadata: { finalizers?: readonly string[] };
      status?: { conditions?: readonly CustomResourceDefinitionCondition[] };
    }) {
      const finalizers = crd.metadata.finalizers ?? [];
      if (!finalizers.includes(CLEANUP_FINALIZER)) crd.metadata.finalizers = [...finalizers, CLEANUP_FINALIZER];
      crd.status = {
        ...crd.status,
        conditions: withCondition(crd.status?.conditions ?? [], DELETION_PENDING, timestamp(now())),
      };
    },
  };
}
