import { fieldError } from "#pkg/errors/index.ts";
import {
  checkImmutable,
  checkIntOrPercent,
  checkNotMoreThan100Percent,
  checkNotNegative,
  type Errors,
  intOrPercentValue,
} from "../field-checks.ts";
import type { Deployment, DeploymentStrategy } from "../types/apps-v1.ts";
import { checkCounts, checkSelectorAndTemplate } from "./workload-validation.ts";

export function validateDeployment(deployment: Deployment): Errors {
  const errors: Errors = [];
  const { spec } = deployment;
  checkNotNegative(errors, "spec.replicas", spec?.replicas);
  checkSelectorAndTemplate(errors, "deployment", spec?.selector, spec?.template);
  checkStrategy(errors, "spec.strategy", spec?.strategy ?? {});
  checkNotNegative(errors, "spec.minReadySeconds", spec?.minReadySeconds);
  checkNotNegative(errors, "spec.revisionHistoryLimit", spec?.revisionHistoryLimit);
  const deadline = spec?.progressDeadlineSeconds;
  if (deadline !== undefined) {
    checkNotNegative(errors, "spec.progressDeadlineSeconds", deadline);
    if (deadline <= (spec?.minReadySeconds ?? 0)) {
      errors.push(fieldError.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"));
    }
  }
  return errors;
}

function checkStrategy(errors: Errors, path: string, strategy: DeploymentStrategy): void {
  if (strategy.type !== "Recreate" && strategy.type !== "RollingUpdate") {
    errors.push(fieldError.notSupported(path, strategy, ["Recreate", "RollingUpdate"]));
  }
  const update = strategy.rollingUpdate;
  if (strategy.type === "Recreate" && update !== undefined) {
    const why = "may not be specified when strategy `type` is 'Recreate'";
    errors.push(fieldError.forbidden(`${path}.rollingUpdate`, why));
  }
  if (strategy.type !== "RollingUpdate" || update === undefined) return;
  const at = `${path}.rollingUpdate`;
  checkIntOrPercent(errors, `${at}.maxUnavailable`, update.maxUnavailable);
  checkIntOrPercent(errors, `${at}.maxSurge`, update.maxSurge);
  if (intOrPercentValue(update.maxUnavailable) === 0 && intOrPercentValue(update.maxSurge) === 0) {
    const why = "may not be 0 when `maxSurge` is 0";
    errors.push(fieldError.invalid(`${at}.maxUnavailable`, update.maxUnavailable, why));
  }
  checkNotMoreThan100Percent(errors, `${at}.maxUnavailable`, update.maxUnavailable);
}

export function validateDeploymentUpdate(deployment: Deployment, old: Deployment): Errors {
  const errors = validateDeployment(deployment);
  checkImmutable(errors, "spec.selector", deployment.spec?.selector, old.spec?.selector);
  return errors;
}

const COUNTS = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "observedGeneration"];

export function validateDeploymentStatusUpdate(deployment: Deployment, old: Deployment): Errors {
  const errors: Errors = [];
  checkCounts(errors, { ...deployment.status }, COUNTS, "replicas");
  const { availableReplicas = 0, readyReplicas = 0 } = deployment.status ?? {};
  if (availableReplicas > readyReplicas) {
    const why = "cannot be greater than readyReplicas";
    errors.push(fieldError.invalid("status.availableReplicas", availableReplicas, why));
  }
  checkNotNegative(errors, "status.terminatingReplicas", deployment.status?.terminatingReplicas);
  if ((deployment.status?.collisionCount ?? 0) < (old.status?.collisionCount ?? 0)) {
    const why = "cannot be decremented";
    errors.push(fieldError.invalid("status.collisionCount", deployment.status?.collisionCount ?? 0, why));
  }
  return errors;
}
