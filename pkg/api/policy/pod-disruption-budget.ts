import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, integerColumn, nameColumn } from "../columns.ts";
import {
  checkIntOrPercent,
  checkLabelSelector,
  checkNotMoreThan100Percent,
  checkNotNegative,
  checkOptionalEnum,
  type Errors,
} from "../field-checks.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { PodDisruptionBudget } from "../types/policy-v1.ts";

function validate(budget: PodDisruptionBudget): Errors {
  const errors: Errors = [];
  const { spec } = budget;
  if (spec.minAvailable !== undefined && spec.maxUnavailable !== undefined) {
    errors.push(fieldError.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set"));
  }
  for (const field of ["minAvailable", "maxUnavailable"] as const) {
    checkIntOrPercent(errors, `spec.${field}`, spec[field]);
    checkNotMoreThan100Percent(errors, `spec.${field}`, spec[field]);
  }
  checkLabelSelector(errors, "spec.selector", spec.selector);
  const policies = ["AlwaysAllow", "IfHealthyBudget"];
  checkOptionalEnum(errors, "spec.unhealthyPodEvictionPolicy", spec.unhealthyPodEvictionPolicy, policies);
  return errors;
}

export const podDisruptionBudgetStrategy = strategyOf<PodDisruptionBudget>({
  ...separateStatus<PodDisruptionBudget>(() => ({
    currentHealthy: 0,
    desiredHealthy: 0,
    disruptionsAllowed: 0,
    expectedPods: 0,
  })),
  generation: true,
  defaults: (budget) => {
    budget.spec ??= {};
  },
  validate,
  validateUpdate: validate,
  validateStatusUpdate: ({ status }) => {
    const errors: Errors = [];
    for (const field of ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const) {
      checkNotNegative(errors, `status.${field}`, status?.[field]);
    }
    return errors;
  },
  columns: [
    nameColumn,
    column("Min Available", "Pods that must be available", (b: PodDisruptionBudget) =>
      String(b.spec.minAvailable ?? "N/A"),
    ),
    column("Max Unavailable", "Pods that may be unavailable", (b: PodDisruptionBudget) =>
      String(b.spec.maxUnavailable ?? "N/A"),
    ),
    integerColumn(
      "Allowed Disruptions",
      "Pods that may be evicted now",
      (b: PodDisruptionBudget) => b.status?.disruptionsAllowed ?? 0,
    ),
    ageColumn,
  ],
});
