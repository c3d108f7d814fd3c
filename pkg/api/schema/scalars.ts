/** Scalars that have a form of their own in JSON: quantities, times, bytes. Each reads any accepted form and returns the canonical one. */
import { canonicalQuantity, QuantityError } from "../quantity.ts";
import { DecodeError } from "./decode-error.ts";

/** resource.Quantity in canonical form. */
export function readQuantity(value: string | number): string {
  try {
    return canonicalQuantity(value);
  } catch (err) {
    if (err instanceof QuantityError) throw new DecodeError(err.message);
    throw err;
  }
}

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

function parseTime(text: string, layout: string): { readonly seconds: string; readonly fraction: string } {
  const match = RFC3339.exec(text);
  const ms = match === null ? Number.NaN : Date.parse(text.replace(/[.,]\d+/, ""));
  if (Number.isNaN(ms)) throw new DecodeError(`parsing time ${JSON.stringify(text)} as ${JSON.stringify(layout)}`);
  return { seconds: new Date(ms).toISOString().slice(0, 19), fraction: match?.[1] ?? "" };
}

/** A time as the server itself writes it; which days a month has is left to the slow way. */
const CANONICAL = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** metav1.Time: RFC 3339 in UTC, whole seconds. */
export function readTime(text: string): string {
  if (CANONICAL.test(text)) return text;
  return `${parseTime(text, "2006-01-02T15:04:05Z07:00").seconds}Z`;
}

/** metav1.MicroTime: RFC 3339 in UTC with six digits of a second. */
export function readMicroTime(text: string): string {
  const { seconds, fraction } = parseTime(text, "2006-01-02T15:04:05.000000Z07:00");
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, "0")}Z`;
}

/** Standard base64 with padding; line breaks are taken out. */
export function readBytes(text: string): string {
  const packed = /[\r\n]/.test(text) ? text.replace(/[\r\n]/g, "") : text;
  const wrong = /[^A-Za-z0-9+/]/.exec(packed.replace(/={1,2}$/, ""));
  if (wrong !== null) throw new DecodeError(`illegal base64 data at input byte ${wrong.index}`);
  if (packed.length % 4 !== 0) throw new DecodeError(`illegal base64 data at input byte ${packed.length}`);
  return packed;
}
