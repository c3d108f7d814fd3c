import type { FieldError } from "#pkg/errors/index.ts";
import { fieldError } from "#pkg/errors/index.ts";
import type { Deployment } from "../types/apps-v1.ts";

export function validateDeployment(deployment: Deployment): FieldError[] {
  return deployment.spec?.selector === undefined ? [fieldError.required("spec.selector")] : [];
}
export const validateDeploymentUpdate = (deployment: Deployment, _old: Deployment): FieldError[] =>
  validateDeployment(deployment);
export const validateDeploymentStatusUpdate = (_deployment: Deployment, _old: Deployment): FieldError[] => [];
