import { fieldError } from "#pkg/errors/index.ts";
import { defaultColumns } from "../columns.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import { compareQuantities } from "../quantity.ts";
import type { Mutable } from "../resource-ref.ts";
import { strategyOf } from "../strategy-of.ts";
import type { LimitRange, LimitRangeItem } from "../types/core-v1.ts";

/** Upstream's SetDefaults_LimitRangeItem: a container's default limit is its maximum, its request the limit or minimum. */
function defaultItem(item: Mutable<LimitRangeItem>): void {
  if (item.type !== "Container") return;
  const limits: Record<string, string> = (item.default ??= {});
  const requests: Record<string, string> = (item.defaultRequest ??= {});
  for (const [name, max] of Object.entries(item.max ?? {})) limits[name] ??= max;
  for (const [name, limit] of Object.entries(limits)) requests[name] ??= limit;
  for (const [name, min] of Object.entries(item.min ?? {})) requests[name] ??= min;
  if (Object.keys(limits).length === 0) delete item.default;
  if (Object.keys(requests).length === 0) delete item.defaultRequest;
}

function validate(range: LimitRange): Errors {
  const errors: Errors = [];
  const types = new Set<string>();
  for (const [i, item] of (range.spec?.limits ?? []).entries()) {
    const at = `spec.limits[${i}]`;
    if (types.has(item.type)) errors.push(fieldError.duplicate(`${at}.type`, item.type));
    types.add(item.type);
    checkItem(errors, at, item);
  }
  return errors;
}

function checkItem(errors: Errors, path: string, item: LimitRangeItem): void {
  if (item.type === "Pod") {
    for (const field of ["default", "defaultRequest"] as const) {
      if (item[field] !== undefined) {
        errors.push(fieldError.forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
      }
    }
  }
  if (item.type === "PersistentVolumeClaim" && item.min?.storage === undefined && item.max?.storage === undefined) {
    errors.push(
      fieldError.required(
        `${path}.limits`,
        "either minimum or maximum storage value is required, but neither was provided",
      ),
    );
  }
  const names = new Set(
    [item.min, item.max, item.default, item.defaultRequest, item.maxLimitRequestRatio].flatMap((m) =>
      Object.keys(m ?? {}),
    ),
  );
  const order = [
    ["min", "max"],
    ["min", "defaultRequest"],
    ["defaultRequest", "max"],
    ["defaultRequest", "default"],
    ["min", "default"],
    ["default", "max"],
  ] as const;
  const words = {
    min: "min value",
    max: "max value",
    default: "default value",
    defaultRequest: "default request value",
  };
  for (const name of names) {
    addInvalid(errors, `${path}.max[${name}]`, name, checkQualifiedName(name));
    for (const [low, high] of order) {
      const a = item[low]?.[name];
      const b = item[high]?.[name];
      if (a !== undefined && b !== undefined && compareQuantities(a, b) > 0) {
        const why = `${words[low]} ${a} is greater than ${words[high]} ${b}`;
        errors.push(fieldError.invalid(`${path}.${low === "min" && high === "max" ? "min" : low}[${name}]`, a, why));
      }
    }
    const ratio = item.maxLimitRequestRatio?.[name];
    if (ratio !== undefined && compareQuantities(ratio, "1") < 0) {
      errors.push(fieldError.invalid(`${path}.maxLimitRequestRatio[${name}]`, ratio, `ratio ${ratio} is less than 1`));
    }
  }
}

export const limitRangeStrategy = strategyOf<LimitRange>({
  allowCreateOnUpdate: true,
  columns: defaultColumns,
  defaults: (range) => range.spec?.limits?.forEach(defaultItem),
  validate,
  validateUpdate: validate,
});
