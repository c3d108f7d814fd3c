import type { RowCondition } from "../definition.ts";
import type { KubeObject } from "../resource-ref.ts";
import type { Pod } from "../types/core-v1.ts";

const completed = (reason: string, message: string): readonly RowCondition[] => [
  { type: "Completed", status: "True", reason, message },
];

/** `kubectl get` may hide rows of pods that are through; the words are upstream's. */
export function podRowConditions(object: KubeObject): readonly RowCondition[] {
  switch ((object as Pod).status?.phase) {
    case "Succeeded":
      return completed("Succeeded", "The pod has completed successfully.");
    case "Failed":
      return completed("Failed", "The pod failed.");
    default:
      return [];
  }
}
