import { isDeepStrictEqual } from "node:util";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition as Condition,
} from "#pkg/api/types/apiextensions-v1.ts";

export type ConditionType =
  | "Established"
  | "NamesAccepted"
  | "NonStructuralSchema"
  | "Terminating"
  | "KubernetesAPIApprovalPolicyConformant";

/** A condition as it should be; the time of its last transition comes from what was there. */
export interface WantedCondition {
  readonly type: ConditionType;
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

export function findCondition(crd: CustomResourceDefinition, type: ConditionType): Condition | undefined {
  return crd.status?.conditions?.find((each) => each.type === type);
}

export const isTrue = (crd: CustomResourceDefinition, type: ConditionType): boolean =>
  findCondition(crd, type)?.status === "True";

/** The conditions with `wanted` among them; the very same array when nothing changed. `now` is metav1.Time. */
export function withCondition(
  conditions: readonly Condition[],
  wanted: WantedCondition,
  now: string,
): readonly Condition[] {
  const at = conditions.findIndex((each) => each.type === wanted.type);
  const old = conditions[at];
  const lastTransitionTime = old?.status === wanted.status ? (old.lastTransitionTime ?? now) : now;
  const condition: Condition = { ...old, lastTransitionTime, ...wanted };
  if (old === undefined) return [...conditions, condition];
  return isDeepStrictEqual(old, condition) ? conditions : conditions.with(at, condition);
}
