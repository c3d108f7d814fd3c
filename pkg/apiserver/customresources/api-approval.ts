import type { CustomResourceDefinition } from "#pkg/api/types/apiextensions-v1.ts";
import type { WantedCondition } from "./conditions.ts";

const ANNOTATION = "api-approved.kubernetes.io";
const SEE = "see https://github.com/kubernetes/enhancements/pull/1111";

/** Whether a group that only the community may use was approved (KEP-1111); undefined for all other groups. */
export function approvalCondition(crd: CustomResourceDefinition): WantedCondition | undefined {
  const { group } = crd.spec;
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return undefined;
  const annotation = crd.metadata.annotations?.[ANNOTATION] ?? "";
  const condition = (status: "True" | "False", reason: string, message: string): WantedCondition => ({
    type: "KubernetesAPIApprovalPolicyConformant",
    status,
    reason,
    message,
  });
  const must = `protected groups must have approval annotation "${ANNOTATION}"`;
  if (annotation === "") return condition("False", "MissingAnnotation", `${must}, ${SEE}`);
  if (annotation.startsWith("unapproved"))
    return condition("False", "UnapprovedAnnotation", `not approved: ${JSON.stringify(annotation)}`);
  if (URL.canParse(annotation) && new URL(annotation).host !== "")
    return condition("True", "ApprovedAnnotation", `approved in ${annotation}`);
  return condition(
    "False",
    "InvalidAnnotation",
    `${must} with either a URL or a reason starting with "unapproved", ${SEE}`,
  );
}
