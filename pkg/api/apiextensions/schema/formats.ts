/** The string formats that upstream's CRDs check (kube-openapi's strfmt); names are compared without their dashes. */
import { isIPv4, isIPv6 } from "node:net";
import { checkCidr, checkDnsLabel, checkDnsSubdomain } from "../../names.ts";
import { canonicalQuantity } from "../../quantity.ts";

type Test = (value: string) => boolean;
const matches =
  (pattern: RegExp): Test =>
  (value) =>
    pattern.test(value);

const FORMATS: Readonly<Record<string, Test>> = {
  bsonobjectid: matches(/^[0-9a-fA-F]{24}$/),
  uri: isUri,
  email: isEmail,
  hostname: isHostname,
  ipv4: (value) => isIp(value) && value.includes("."),
  ipv6: (value) => isIp(value) && value.includes(":"),
  cidr: (value) => checkCidr(value).length === 0,
  mac: isMac,
  uuid: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid3: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i),
  uuid4: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  uuid5: matches(/^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i),
  isbn: (value) => isIsbn10(value) || isIsbn13(value),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/),
  hexcolor: matches(/^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/),
  rgbcolor: isRgbColor,
  byte: matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
  quantity: isQuantity,
  k8sshortname: (value) => checkDnsLabel(value).length === 0,
  k8slongname: (value) => checkDnsSubdomain(value).length === 0,
};

/** The check of a format, undefined where it is not known. */
export function formatTest(name: string): Test | undefined {
  const plain = name.replaceAll("-", "");
  return Object.hasOwn(FORMATS, plain) ? FORMATS[plain] : undefined;
}

/** Whether values of `type` ("" for any) are checked for `format`; others are ignored. */
export function isKnownFormat(type: string, format: string): boolean {
  if (type === "" || type === "string") return formatTest(format) !== undefined;
  if (type === "integer") return format === "int32" || format === "int64";
  return type === "number" && (format === "float" || format === "double");
}

function isIp(value: string): boolean {
  return isIPv4(value) || (isIPv6(value) && !value.includes("%"));
}

/** EUI-48, EUI-64 and InfiniBand addresses, in bytes or in groups of two. */
function isMac(value: string): boolean {
  const separator = /[:.-]/.exec(value)?.[0];
  if (separator === undefined) return false;
  const parts = value.split(separator);
  if (separator === ".") return [3, 4, 10].includes(parts.length) && parts.every((part) => /^[0-9a-f]{4}$/i.test(part));
  return [6, 8, 20].includes(parts.length) && parts.every((part) => /^[0-9a-f]{2}$/i.test(part));
}

/** What Go's url.ParseRequestURI takes: an absolute path, or anything after a scheme. */
function isUri(value: string): boolean {
  // oxlint-disable-next-line no-control-regex -- Go refuses control characters too
  if (/[\u0000-\u001f\u007f]/.test(value)) return false;
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]*:/.exec(value)?.[0] ?? "";
  const rest = value.slice(scheme.length);
  if (scheme === "" && !rest.startsWith("/")) return false;
  if (!rest.startsWith("/")) return true;
  if (/%(?![0-9a-fA-F]{2})/.test(rest.split("?")[0] as string)) return false;
  if (!rest.startsWith("//") || scheme === "") return true;
  const authority = (/^\/\/([^/?#]*)/.exec(rest)?.[1] ?? "").replace(/^.*@/, "");
  const host = /^(\[[^\]]*\]|[^:\][]*)(:\d*)?$/.exec(authority);
  return host !== null && !/[\s"<>\\^`{|}]/.test(host[1] as string);
}

function isEmail(value: string): boolean {
  const named = /<([^<>]*)>\s*$/.exec(value);
  const address = named === null ? value.trim() : (named[1] as string);
  const at = address.lastIndexOf("@");
  if (at <= 0) return false;
  const local = address.slice(0, at);
  const atom = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\uffff-]+)*$/;
  const quoted = /^"([^"\\]|\\.)*"$/;
  return (atom.test(local) || quoted.test(local)) && atom.test(address.slice(at + 1));
}

function isHostname(value: string): boolean {
  if (value.length > 255) return false;
  const labels = value.split(".");
  if (labels.length === 1) return /^[a-zA-Z0-9\p{S}\p{L}](-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?$/u.test(value);
  const top = labels.pop() as string;
  if (!/^[a-zA-Z\p{L}]{2,63}$/u.test(top)) return false;
  return labels.every((label) =>
    /^[a-zA-Z0-9\p{S}\p{L}]([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?$/u.test(label),
  );
}

function isIsbn10(value: string): boolean {
  const digits = value.replace(/[\s-]+/g, "");
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += (i + 1) * Number(digits[i]);
  sum += digits[9] === "X" ? 100 : 10 * Number(digits[9]);
  return sum % 11 === 0;
}

function isIsbn13(value: string): boolean {
  const digits = value.replace(/[\s-]+/g, "");
  if (!/^\d{13}$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < 12; i++) sum += (i % 2 === 0 ? 1 : 3) * Number(digits[i]);
  return (10 - (sum % 10)) % 10 === Number(digits[12]);
}

function isCreditCard(value: string): boolean {
  const digits = value.replace(/[^0-9]+/g, "");
  const issued =
    /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;
  if (!issued.test(digits)) return false;
  let sum = 0;
  for (let i = digits.length - 1, doubled = false; i >= 0; i--, doubled = !doubled) {
    const digit = Number(digits[i]) * (doubled ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

function isRgbColor(value: string): boolean {
  const parts = /^rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)$/.exec(value)?.slice(1);
  return parts?.every((part) => Number(part) <= 255 && (part === "0" || !part.startsWith("0"))) === true;
}

function isDate(value: string): boolean {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function isDateTime(value: string): boolean {
  const [date, time, ...more] = value.toLowerCase().split("t");
  if (date === undefined || time === undefined || more.length > 0 || !isDate(date)) return false;
  const match = /^(\d\d):(\d\d):(\d\d)(.\d+)?(z|[+-]\d\d:\d\d)$/.exec(time);
  return match !== null && Number(match[1]) <= 23 && Number(match[2]) <= 59 && Number(match[3]) <= 59;
}

const WORDS = ["nano", "micro", "milli", "sec", "min", "hour", "hr", "day", "week", "wk"];
const UNITS = new Set(["ns", "us", "µs", "ms", "s", "m", "h", "d", "w"]);

/** Go's durations ("1h5m"), and numbers with units in words ("3 days"). */
function isDuration(value: string): boolean {
  if (/^[-+]?(0|((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/.test(value)) return true;
  for (const [, unit] of value.matchAll(/\d+\s*([A-Za-zµ]+)/g)) {
    const name = (unit as string).toLowerCase();
    if (UNITS.has(name) || WORDS.some((word) => name.startsWith(word))) return true;
  }
  return false;
}

function isQuantity(value: string): boolean {
  try {
    canonicalQuantity(value);
    return true;
  } catch {
    return false;
  }
}
