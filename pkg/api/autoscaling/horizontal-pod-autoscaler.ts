import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import {
  addInvalid,
  checkEnum,
  checkName,
  checkNotNegative,
  checkOptionalEnum,
  type Errors,
  NOT_NEGATIVE,
} from "../field-checks.ts";
import { checkPathSegment } from "../names.ts";
import { compareQuantities } from "../quantity.ts";
import type { Mutable } from "../resource-ref.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type {
  HPAScalingRules,
  HorizontalPodAutoscaler as Autoscaler,
  MetricSpec,
  MetricTarget,
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
  // Scaling to nothing needs a metric that does not come from the pods.
  const mayBeNone = spec.metrics?.some((m) => m.type === "Object" || m.type === "External") === true;
  if (min < (mayBeNone ? 0 : 1)) {
    const why = `must be greater than or equal to ${mayBeNone ? 0 : 1}`;
    errors.push(fieldError.invalid("spec.minReplicas", min, why));
  }
  if ((spec.maxReplicas ?? 0) < 1) {
    errors.push(fieldError.invalid("spec.maxReplicas", spec.maxReplicas ?? 0, "must be greater than 0"));
  }
  if ((spec.maxReplicas ?? 0) < min) {
    const why = "must be greater than or equal to `minReplicas`";
    errors.push(fieldError.invalid("spec.maxReplicas", spec.maxReplicas ?? 0, why));
  }
  checkReference(errors, "spec.scaleTargetRef", spec.scaleTargetRef);
  for (const [i, metric] of (spec.metrics ?? []).entries()) checkMetric(errors, `spec.metrics[${i}]`, metric);
  checkRules(errors, "spec.behavior.scaleUp", spec.behavior?.scaleUp);
  checkRules(errors, "spec.behavior.scaleDown", spec.behavior?.scaleDown);
  return errors;
}

type Field = "object" | "pods" | "resource" | "containerResource" | "external";
const FIELDS: readonly Field[] = ["object", "external", "pods", "resource", "containerResource"];

function checkMetric(errors: Errors, path: string, metric: MetricSpec): void {
  if (!metric.type) errors.push(fieldError.required(`${path}.type`, "must specify a metric source type"));
  if (!METRICS.includes(metric.type)) errors.push(fieldError.notSupported(`${path}.type`, metric.type ?? "", METRICS));
  const given = FIELDS.filter((field) => metric[field] !== undefined);
  const [first] = given;
  if (first !== undefined) checkSource(errors, `${path}.${first}`, first, metric);
  const expected = fieldOf(metric.type);
  if (!(given as readonly string[]).includes(expected)) {
    const why = "must populate information for the given metric source";
    errors.push(fieldError.required(`${path}.${expected}`, why));
  }
  if (given.length === 1) return;
  for (const field of given) {
    if (field === expected) continue;
    errors.push(fieldError.forbidden(`${path}.${field}`, "must populate the given metric source only"));
  }
}

function checkSource(errors: Errors, path: string, field: Field, metric: MetricSpec): void {
  const { object, external, pods, containerResource } = metric;
  if (field === "object" && object !== undefined) {
    checkReference(errors, `${path}.describedObject`, object.describedObject);
    checkIdentifier(errors, `${path}.metric`, object.metric);
    checkTarget(errors, `${path}.target`, object.target);
    if (object.target?.value === undefined && object.target?.averageValue === undefined) {
      const why = "must set either a target value or averageValue";
      errors.push(fieldError.required(`${path}.target.averageValue`, why));
    }
  } else if (field === "external" && external !== undefined) {
    checkIdentifier(errors, `${path}.metric`, external.metric);
    checkTarget(errors, `${path}.target`, external.target);
    const { value, averageValue } = external.target ?? {};
    if (value === undefined && averageValue === undefined) {
      const why = "must set either a target value for metric or a per-pod target";
      errors.push(fieldError.required(`${path}.target.averageValue`, why));
    } else if (value !== undefined && averageValue !== undefined) {
      const why = "may not set both a target value for metric and a per-pod target";
      errors.push(fieldError.forbidden(`${path}.target.value`, why));
    }
  } else if (field === "pods" && pods !== undefined) {
    checkIdentifier(errors, `${path}.metric`, pods.metric);
    checkTarget(errors, `${path}.target`, pods.target);
    if (!isPositive(pods.target?.averageValue)) {
      const why = "must specify a positive target averageValue";
      errors.push(fieldError.required(`${path}.target.averageValue`, why));
    }
  } else {
    const source = metric.resource ?? containerResource;
    if (!source?.name) errors.push(fieldError.required(`${path}.name`, "must specify a resource name"));
    if (field === "containerResource" && !containerResource?.container) {
      errors.push(fieldError.required(`${path}.container`, "must specify a container"));
    }
    checkTarget(errors, `${path}.target`, source?.target);
    const { averageUtilization, averageValue } = source?.target ?? {};
    if (averageUtilization === undefined && averageValue === undefined) {
      const why = "must set either a target raw value or a target utilization";
      errors.push(fieldError.required(`${path}.target.averageUtilization`, why));
    } else if (averageUtilization !== undefined && averageValue !== undefined) {
      const why = "may not set both a target raw value and a target utilization";
      errors.push(fieldError.forbidden(`${path}.target.averageValue`, why));
    }
  }
}

const isPositive = (amount: string | undefined): boolean => amount !== undefined && compareQuantities(amount, "0") > 0;

function checkReference(
  errors: Errors,
  path: string,
  ref: { kind?: string; name?: string; apiVersion?: string } | undefined,
): void {
  checkName(errors, `${path}.kind`, ref?.kind, checkPathSegment);
  checkName(errors, `${path}.name`, ref?.name, checkPathSegment);
  const parts = (ref?.apiVersion ?? "").split("/");
  if (parts.length > 2) {
    const why = `unexpected GroupVersion string: ${ref?.apiVersion}`;
    errors.push(fieldError.invalid(`${path}.apiVersion`, ref?.apiVersion, why));
  }
}

function checkIdentifier(errors: Errors, path: string, metric: { name?: string } | undefined): void {
  const name = metric?.name ?? "";
  if (name === "") errors.push(fieldError.required(`${path}.name`, "must specify a metric name"));
  else addInvalid(errors, `${path}.name`, name, checkPathSegment(name));
}

function checkTarget(errors: Errors, path: string, target: MetricTarget | undefined): void {
  const { type = "", value, averageValue, averageUtilization } = target ?? {};
  if (type === "") errors.push(fieldError.required(`${path}.type`, "must specify a metric target type"));
  if (type !== "Utilization" && type !== "Value" && type !== "AverageValue") {
    errors.push(fieldError.invalid(`${path}.type`, type, "must be either Utilization, Value, or AverageValue"));
  }
  if (value !== undefined && !isPositive(value)) {
    errors.push(fieldError.invalid(`${path}.value`, value, "must be positive"));
  }
  if (averageValue !== undefined && !isPositive(averageValue)) {
    errors.push(fieldError.invalid(`${path}.averageValue`, averageValue, "must be positive"));
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(fieldError.invalid(`${path}.averageUtilization`, averageUtilization, "must be greater than 0"));
  }
}

function checkRules(errors: Errors, path: string, rules: HPAScalingRules | undefined): void {
  if (rules === undefined) return;
  const window = rules.stabilizationWindowSeconds ?? 0;
  if (window < 0 || window > 3600) {
    const why = window < 0 ? "must be greater than or equal to zero" : "must be less than or equal to 3600";
    errors.push(fieldError.invalid(`${path}.stabilizationWindowSeconds`, window, why));
  }
  checkOptionalEnum(errors, `${path}.selectPolicy`, rules.selectPolicy, ["Disabled", "Max", "Min"]);
  if ((rules.policies ?? []).length === 0)
    errors.push(fieldError.required(`${path}.policies`, "must specify at least one Policy"));
  if (rules.tolerance?.startsWith("-") === true) {
    errors.push(fieldError.invalid(`${path}.tolerance`, rules.tolerance, NOT_NEGATIVE));
  }
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
  validateStatusUpdate: (autoscaler) => {
    const errors: Errors = [];
    checkNotNegative(errors, "status.currentReplicas", autoscaler.status?.currentReplicas);
    checkNotNegative(errors, "status.desiredReplicas", autoscaler.status?.desiredReplicas);
    return errors;
  },
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
