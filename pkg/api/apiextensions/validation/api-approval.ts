import { type FieldError, fieldError } from "#pkg/errors/index.ts";

const ANNOTATION = "api-approved.kubernetes.io";
const SEE = "see https://github.com/kubernetes/enhancements/pull/1111";

type Approval = "missing" | "bypassed" | "approved" | "invalid";
type Annotated = {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
};

/** Groups of the Kubernetes community ask for an approval by annotation, unless nothing about it changed. */
export function validateApiApproval(crd: Annotated, group: string, old: Annotated | undefined): FieldError[] {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return [];
  const approval = approvalOf(crd);
  if (old !== undefined && approvalOf(old) === approval) return [];
  const path = `metadata.annotations[${ANNOTATION}]`;
  const must = `protected groups must have approval annotation "${ANNOTATION}"`;
  if (approval === "missing") return [fieldError.required(path, `${must}, ${SEE}`)];
  if (approval !== "invalid") return [];
  const why = `${must} with either a URL or a reason starting with "unapproved", ${SEE}`;
  return [fieldError.invalid(path, crd.metadata.annotations?.[ANNOTATION], why)];
}

function approvalOf({ metadata }: Annotated): Approval {
  const text = metadata.annotations?.[ANNOTATION] ?? "";
  if (text === "") return "missing";
  if (text.startsWith("unapproved")) return "bypassed";
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/?#\s]+/.test(text) ? "approved" : "invalid";
}
