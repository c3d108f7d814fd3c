import { fieldError } from "#pkg/errors/index.ts";
import { defaultColumns } from "../columns.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { setOwn } from "../json-object.ts";
import { checkQualifiedName } from "../names.ts";
import { compareQuantities, parseQuantity } from "../quantity.ts";
import type { Mutable } from "../resource-ref.ts";
import { strategyOf } from "../strategy-of.ts";
import type { LimitRange, LimitRangeItem } from "../types/core-v1.ts";
import { checkResourceName, isExact } from "./resources-validation.ts";

/** Upstream's SetDefaults_LimitRangeItem: a container's default limit is its maximum, its request the limit or minimum. */
function defaultItem(item: Mutable<LimitRangeItem>): void {
  if (item.type !== "Container") return;
  const limits: Record<string, string> = (item.default ??= {});
  const requests: Record<string, string> = (item.defaultRequest ??= {});
  for (const [name, max] of Object.entries(item.max ?? {})) setAbsent(limits, name, max);
  for (const [name, limit] of Object.entries(limits)) setAbsent(requests, name, limit);
  for (const [name, min] of Object.entries(item.min ?? {})) setAbsent(requests, name, min);
  if (Object.keys(limits).length === 0) delete item.default;
  if (Object.keys(requests).length === 0) delete item.defaultRequest;
}

/** Resources may be named as what every JavaScript object has: "constructor". */
function setAbsent(amounts: Record<string, string>, name: string, amount: string): void {
  if (!Object.hasOwn(amounts, name)) setOwn(amounts, name, amount);
}

function validate(range: LimitRange): Errors {
  const errors: Errors = [];
  const types = new Set<string>();
  for (const [i, item] of (range.spec?.limits ?? []).entries()) {
    const at = `spec.limits[${i}]`;
    const wrong = checkQualifiedName(item.type ?? "");
    addInvalid(errors, `${at}.type`, item.type ?? "", wrong);
    if (wrong.length === 0 && !item.type.includes("/") && !TYPES.includes(item.type)) {
      errors.push(fieldError.invalid(`${at}.type`, item.type, "must be a standard limit type or fully qualified"));
    }
    if (types.has(item.type)) errors.push(fieldError.duplicate(`${at}.type`, item.type));
    types.add(item.type);
    checkItem(errors, at, item);
  }
  return errors;
}

const TYPES = ["Pod", "Container", "PersistentVolumeClaim"];
const STANDARD =
  /^(cpu|memory|ephemeral-storage|storage|pods|services|replicationcontrollers|resourcequotas|secrets|configmaps|persistentvolumeclaims|requests\.(cpu|memory|storage|ephemeral-storage)|limits\.(cpu|memory|ephemeral-storage)|services\.(nodeports|loadbalancers)|hugepages-.+)$/;
/** Upstream's order of looking at them. */
const FIELDS = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;

function checkNames(errors: Errors, path: string, type: string, amounts: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(amounts)) {
    const at = `${path}[${name}]`;
    if (type === "Pod" || type === "Container") checkResourceName(errors, at, name);
    else {
      const wrong = checkQualifiedName(name);
      addInvalid(errors, at, name, wrong);
      if (wrong.length === 0 && !name.includes("/") && !STANDARD.test(name)) {
        errors.push(fieldError.invalid(at, name, "must be a standard resource type or fully qualified"));
      }
    }
  }
}

function checkItem(errors: Errors, path: string, item: LimitRangeItem): void {
  for (const field of FIELDS) {
    const amounts = item[field] ?? {};
    if (item.type === "Pod" && field.startsWith("default")) {
      if (Object.keys(amounts).length > 0) {
        errors.push(fieldError.forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
      }
      continue;
    }
    if (field === "maxLimitRequestRatio" && item.type === "PersistentVolumeClaim") {
      if (item.min?.storage === undefined && item.max?.storage === undefined) {
        const why = "either minimum or maximum storage value is required, but neither was provided";
        errors.push(fieldError.required(`${path}.limits`, why));
      }
    }
    checkNames(errors, `${path}.${field}`, item.type, amounts);
  }
  for (const name of new Set(FIELDS.flatMap((field) => Object.keys(item[field] ?? {})))) {
    checkOrder(errors, path, item, name);
  }
}

/** [lower, higher, field that is blamed, whose value is shown, words of the higher one] */
const ORDER = [
  ["min", "max", "min", "min", "max value"],
  ["min", "defaultRequest", "defaultRequest", "defaultRequest", "default request value"],
  ["defaultRequest", "max", "defaultRequest", "defaultRequest", "max value"],
  ["defaultRequest", "default", "defaultRequest", "defaultRequest", "default limit value"],
  ["min", "default", "default", "min", "default value"],
  ["default", "max", "default", "max", "max value"],
] as const;
const WORDS = { min: "min value", default: "default value", defaultRequest: "default request value" } as const;

function amountOf(item: LimitRangeItem, field: (typeof FIELDS)[number], name: string): string | undefined {
  const amounts = item[field];
  return amounts !== undefined && Object.hasOwn(amounts, name) ? amounts[name] : undefined;
}

function checkOrder(errors: Errors, path: string, item: LimitRangeItem, name: string): void {
  for (const [low, high, blamed, shown, highWords] of ORDER) {
    const a = amountOf(item, low, name);
    const b = amountOf(item, high, name);
    if (a === undefined || b === undefined || compareQuantities(a, b) <= 0) continue;
    const why = `${WORDS[low]} ${a} is greater than ${highWords} ${b}`;
    errors.push(fieldError.invalid(`${path}.${blamed}[${name}]`, amountOf(item, shown, name), why));
  }
  const ratio = amountOf(item, "maxLimitRequestRatio", name);
  const at = `${path}.maxLimitRequestRatio[${name}]`;
  if (ratio !== undefined) {
    if (compareQuantities(ratio, "1") < 0) errors.push(fieldError.invalid(at, ratio, `ratio ${ratio} is less than 1`));
    const [min, max] = [amountOf(item, "min", name), amountOf(item, "max", name)];
    if (min !== undefined && max !== undefined) {
      const limit = Number(parseQuantity(max).nano) / Number(parseQuantity(min).nano);
      if (Number(parseQuantity(ratio).nano) / 1e9 > limit) {
        errors.push(fieldError.invalid(at, ratio, `ratio ${ratio} is greater than max/min = ${limit.toFixed(6)}`));
      }
    }
  }
  const [limit, request] = [amountOf(item, "default", name), amountOf(item, "defaultRequest", name)];
  if (isExact(name) && limit !== undefined && request !== undefined && compareQuantities(limit, request) !== 0) {
    const why = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(fieldError.invalid(`${path}.defaultRequest[${name}]`, request, why));
  }
}

export const limitRangeStrategy = strategyOf<LimitRange>({
  allowCreateOnUpdate: true,
  columns: defaultColumns,
  defaults: (range) => range.spec?.limits?.forEach(defaultItem),
  validate,
  validateUpdate: validate,
});
