import { quantityMilliValue as milliValue, quantityValue as value } from "#pkg/api/index.ts";

/** Whole units, rounded up; nothing is zero. */
export function quantityValue(text: string | undefined): number {
  return text === undefined ? 0 : value(text);
}

/** Thousandths, rounded up; nothing is zero. */
export function quantityMilliValue(text: string | undefined): number {
  return text === undefined ? 0 : milliValue(text);
}
