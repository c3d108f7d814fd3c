// Checks that many kinds' validation shares. Each adds its findings to `errors`; `path` is the field's.
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import { semanticEqual } from "./equal.ts";
import type { Labels } from "./labels.ts";
import { checkLabelValue, checkPercent, checkQualifiedName, type Messages } from "./names.ts";
import type { LabelSelector } from "./types/meta-v1.ts";

export type Errors = FieldError[];
export const IMMUTABLE = "field is immutable";
export const NOT_NEGATIVE = "must be greater than or equal to 0";

export function addInvalid(errors: Errors, path: string, value: unknown, messages: Messages): void {
  for (const message of messages) errors.push(fieldError.invalid(path, value, message));
}

export function checkNotNegative(errors: Errors, path: string, value: number | undefined): void {
  if (value !== undefined && value < 0) errors.push(fieldError.invalid(path, value, NOT_NEGATIVE));
}

export function checkPositive(errors: Errors, path: string, value: number | undefined): void {
  if (value !== undefined && value <= 0) errors.push(fieldError.invalid(path, value, "must be greater than zero"));
}

export function checkImmutable(errors: Errors, path: string, value: unknown, old: unknown): void {
  if (!semanticEqual(value, old)) errors.push(fieldError.invalid(path, value, IMMUTABLE));
}

/** One of `supported`; absent and "" are required values. */
export function checkEnum(errors: Errors, path: string, value: string | undefined, supported: readonly string[]): void {
  if (!value) errors.push(fieldError.required(path));
  else if (!supported.includes(value)) errors.push(fieldError.notSupported(path, value, supported));
}

/** As checkEnum, where absent is fine. */
export function checkOptionalEnum(
  errors: Errors,
  path: string,
  value: string | undefined,
  supported: readonly string[],
): void {
  if (value !== undefined && !supported.includes(value)) errors.push(fieldError.notSupported(path, value, supported));
}

/** A name that must be there and pass `check`. */
export function checkName(
  errors: Errors,
  path: string,
  value: string | undefined,
  check: (value: string) => Messages,
): void {
  if (!value) errors.push(fieldError.required(path));
  else addInvalid(errors, path, value, check(value));
}

export function checkLabels(errors: Errors, path: string, labels: Labels | undefined): void {
  for (const key in labels) {
    addInvalid(errors, path, key, checkQualifiedName(key));
    addInvalid(errors, path, labels[key], checkLabelValue(labels[key] as string));
  }
}

const MAX_ANNOTATIONS_BYTES = 256 * 1024;

export function checkAnnotations(errors: Errors, path: string, annotations: Labels | undefined): void {
  let size = 0;
  for (const key in annotations) {
    addInvalid(errors, path, key, checkQualifiedName(key.toLowerCase()));
    size += key.length + Buffer.byteLength(annotations[key] as string);
  }
  if (size > MAX_ANNOTATIONS_BYTES) errors.push(fieldError.tooLong(path, MAX_ANNOTATIONS_BYTES));
}

export function checkLabelSelector(errors: Errors, path: string, selector: LabelSelector | undefined): void {
  if (selector === undefined) return;
  checkLabels(errors, `${path}.matchLabels`, selector.matchLabels);
  for (const [i, e] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${i}]`;
    const count = e.values?.length ?? 0;
    if (e.operator === "In" || e.operator === "NotIn") {
      if (count === 0) {
        errors.push(fieldError.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
      }
    } else if (e.operator === "Exists" || e.operator === "DoesNotExist") {
      if (count > 0) {
        const why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(fieldError.forbidden(`${at}.values`, why));
      }
    } else errors.push(fieldError.invalid(`${at}.operator`, e.operator, "not a valid selector operator"));
    addInvalid(errors, `${at}.key`, e.key, checkQualifiedName(e.key ?? ""));
    for (const [j, value] of (e.values ?? []).entries()) {
      addInvalid(errors, `${at}.values[${j}]`, value, checkLabelValue(value));
    }
  }
}

export const isEmptySelector = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;

/** A number of 0 or more, or a percentage. */
export function checkIntOrPercent(errors: Errors, path: string, value: number | string | undefined): void {
  if (typeof value === "number") checkNotNegative(errors, path, value);
  else if (value !== undefined) addInvalid(errors, path, value, checkPercent(value));
}
export const checkNotMoreThan100Percent = (errors: Errors, path: string, value: number | string | undefined): void => {
  if (percentOf(value) > 100) errors.push(fieldError.invalid(path, value, "must not be greater than 100%"));
};
/** The number of "25%"; 0 for anything else. */
export const percentOf = (value: number | string | undefined): number =>
  typeof value === "string" && /^[0-9]+%$/.test(value) ? Number(value.slice(0, -1)) : 0;
/** What a number or the number of a percentage is. */
export const intOrPercentValue = (value: number | string | undefined): number =>
  typeof value === "number" ? value : percentOf(value);

/** A finding about a whole value that is not repeated in the message (upstream's OmitValueType). */
export const invalidWithoutValue = (path: string, detail: string): FieldError => ({
  reason: "FieldValueInvalid",
  field: path,
  message: `Invalid value: ${detail}`,
});
/** Go's %q of a list: ["a" "b"]. */
export const quotedList = (values: readonly string[]): string => `[${values.map((v) => JSON.stringify(v)).join(" ")}]`;
