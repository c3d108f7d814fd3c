import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { addInvalid, checkEnum, type Errors } from "../field-checks.ts";
import { checkPathSegment } from "../names.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type {
  HPAScalingRules,
  HorizontalPodAutoscaler as Autoscaler,
  MetricSpec,
  MetricStatus,
} from "../types/autoscaling-v2.ts";

const METRICS = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const fieldOf = (type: string | undefined): string => `${type ?? ""}`.replace(/^./, (first) => first.toLowerCase());

/** Upstream's defaults of v2; also those of v1, which is converted first. */
function defaultAutoscaler(autoscaler: Mutable<Autoscaler>): void {
  autoscaler.spec ??= {} as typeof autoscaler.spec;
  const { spec } = autoscaler;
  spec.minReplicas ??= 1;
  spec.scaleTargetRef ??= { kind: "", name: "" };
  // v1 says the same in one field; v2 spells it out.
  const isV1 = autoscaler.apiVersion === "autoscaling/v1";
  if (!isV1 && (spec.metrics ?? []).length === 0) {
    spec.metrics = [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
    ];
  }
  if (spec.behavior === undefined) return;
  const { behavior } = spec;
  if (behavior.scaleUp !== undefined) {
    defaultRules(behavior.scaleUp, 0, [
      { type: "Pods", value: 4, periodSeconds: 15 },
      { type: "Percent", value: 100, periodSeconds: 15 },
    ]);
  }
  if (behavior.scaleDown !== undefined) {
    defaultRules(behavior.scaleDown, undefined, [{ type: "Percent", value: 100, periodSeconds: 15 }]);
  }
}

function defaultRules(
  rules: Mutable<HPAScalingRules>,
  window: number | undefined,
  policies: Mutable<NonNullable<HPAScalingRules["policies"]>>,
): void {
  rules.selectPolicy ??= "Max";
  if (window !== undefined) rules.stabilizationWindowSeconds ??= window;
  rules.policies ??= policies;
}

function validate(autoscaler: Autoscaler): Errors {
  const errors: Errors = [];
  const { spec } = autoscaler;
  const min = spec.minReplicas ?? 1;
  if (min < 0) errors.push(fieldError.invalid("spec.minReplicas", min, "must be greater than or equal to 1"));
  if (min === 0 && !(spec.metrics ?? []).some((m) => m.type === "Object" || m.type === "External")) {
    errors.push(fieldError.invalid("spec.minReplicas", min, "must be greater than or equal to 1"));
  }
  if ((spec.maxReplicas ?? 0) < 1) {
    errors.push(fieldError.invalid("spec.maxReplicas", spec.maxReplicas ?? 0, "must be greater than 0"));
  }
  if ((spec.maxReplicas ?? 0) < min) {
    const why = "must be greater than or equal to `minReplicas`";
    errors.push(fieldError.invalid("spec.maxReplicas", spec.maxReplicas ?? 0, why));
  }
  for (const field of ["kind", "name"] as const) {
    const value = spec.scaleTargetRef?.[field] ?? "";
    if (value === "") errors.push(fieldError.required(`spec.scaleTargetRef.${field}`));
    else addInvalid(errors, `spec.scaleTargetRef.${field}`, value, checkPathSegment(value));
  }
  for (const [i, metric] of (spec.metrics ?? []).entries()) checkMetric(errors, `spec.metrics[${i}]`, metric);
  checkRules(errors, "spec.behavior.scaleUp", spec.behavior?.scaleUp);
  checkRules(errors, "spec.behavior.scaleDown", spec.behavior?.scaleDown);
  return errors;
}

function checkMetric(errors: Errors, path: string, metric: MetricSpec): void {
  if (!metric.type) errors.push(fieldError.required(`${path}.type`, "must specify a metric source type"));
  else if (!METRICS.includes(metric.type)) errors.push(fieldError.notSupported(`${path}.type`, metric.type, METRICS));
  else {
    const field = fieldOf(metric.type) as "resource";
    if (metric[field] === undefined) {
      const why = "must populate information for the given metric source";
      errors.push(fieldError.required(`${path}.${field}`, why));
    } else
      checkEnum(errors, `${path}.${field}.target.type`, metric[field].target?.type, [
        "AverageValue",
        "Utilization",
        "Value",
      ]);
  }
}

function checkRules(errors: Errors, path: string, rules: HPAScalingRules | undefined): void {
  if (rules === undefined) return;
  const window = rules.stabilizationWindowSeconds ?? 0;
  if (window < 0 || window > 3600) {
    const why = window < 0 ? "must be greater than or equal to zero" : "must be less than or equal to 3600";
    errors.push(fieldError.invalid(`${path}.stabilizationWindowSeconds`, window, why));
  }
  checkEnum(errors, `${path}.selectPolicy`, rules.selectPolicy, ["Disabled", "Max", "Min"]);
  if ((rules.policies ?? []).length === 0)
    errors.push(fieldError.required(`${path}.policies`, "must specify at least one Policy"));
  for (const [i, policy] of (rules.policies ?? []).entries()) {
    const at = `${path}.policies[${i}]`;
    checkEnum(errors, `${at}.type`, policy.type, ["Percent", "Pods"]);
    if (policy.value <= 0) errors.push(fieldError.invalid(`${at}.value`, policy.value, "must be greater than zero"));
    if (policy.periodSeconds <= 0 || policy.periodSeconds > 1800) {
      const why = policy.periodSeconds <= 0 ? "must be greater than zero" : "must be less than or equal to 1800";
      errors.push(fieldError.invalid(`${at}.periodSeconds`, policy.periodSeconds, why));
    }
  }
}

/** "cpu: 12%/80%, … + 1 more" as kubectl shows targets. */
function targets(autoscaler: Autoscaler): string {
  const specs = autoscaler.spec.metrics ?? [];
  if (specs.length === 0) return "<none>";
  const shown = specs.map((spec, i) => targetOf(spec, autoscaler.status?.currentMetrics?.[i])).slice(0, 2);
  const more = specs.length - shown.length;
  return shown.join(", ") + (more > 0 ? ` + ${more} more...` : "");
}

function targetOf(spec: MetricSpec, status: MetricStatus | undefined): string {
  const field = fieldOf(spec.type) as "resource";
  const { target } = spec[field] ?? { target: undefined };
  const current = status?.[field]?.current;
  const prefix = spec.type === "Resource" || spec.type === "ContainerResource" ? `${spec[field]?.name}: ` : "";
  if (target?.averageValue !== undefined) {
    const suffix = spec.type === "External" || spec.type === "Object" ? " (avg)" : "";
    return `${prefix}${current?.averageValue ?? "<unknown>"}/${target.averageValue}${suffix}`;
  }
  if (target?.averageUtilization !== undefined) {
    const now = current?.averageUtilization === undefined ? "<unknown>" : `${current.averageUtilization}%`;
    return `${prefix}${now}/${target.averageUtilization}%`;
  }
  if (target?.value !== undefined) return `${prefix}${current?.value ?? "<unknown>"}/${target.value}`;
  return `${prefix}<unknown>/<auto>`;
}

/** v1 is shown by the same columns, from its own fields. */
function shownTargets(autoscaler: Autoscaler): string {
  if (autoscaler.apiVersion !== "autoscaling/v1") return targets(autoscaler);
  const { spec, status } = autoscaler as unknown as {
    spec: { targetCPUUtilizationPercentage?: number };
    status?: { currentCPUUtilizationPercentage?: number };
  };
  if (spec.targetCPUUtilizationPercentage === undefined) return "<none>";
  const now = status?.currentCPUUtilizationPercentage;
  return `cpu: ${now === undefined ? "<unknown>" : `${now}%`}/${spec.targetCPUUtilizationPercentage}%`;
}

export const horizontalPodAutoscalerStrategy = strategyOf<Autoscaler>({
  ...separateStatus<Autoscaler>(() => ({ desiredReplicas: 0, currentReplicas: 0 })),
  defaults: defaultAutoscaler,
  validate,
  validateUpdate: validate,
  columns: [
    nameColumn,
    column(
      "Reference",
      "What it scales",
      (a: Autoscaler) => `${a.spec.scaleTargetRef.kind}/${a.spec.scaleTargetRef.name}`,
    ),
    column("Targets", "Measured against wanted", shownTargets),
    column("MinPods", "Fewest replicas", (a: Autoscaler) => String(a.spec.minReplicas ?? "<unset>")),
    column("MaxPods", "Most replicas", (a: Autoscaler) => a.spec.maxReplicas),
    column("Replicas", "Replicas there are", (a: Autoscaler) => a.status?.currentReplicas ?? 0),
    ageColumn,
  ],
});
