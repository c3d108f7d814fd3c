import { Failure, failure } from "../runtime/failure.ts";
import { formatDuration, formatTimestamp } from "../runtime/time.ts";
import {
  Duration,
  ListValue,
  MapValue,
  plainTypeName,
  Timestamp,
  TypeValue,
  typeOfValue,
  Uint,
} from "../runtime/values.ts";
import type { CelValue } from "../types.ts";
import { formatDouble } from "./standard.ts";

const MAX_NESTING = 50;
const MAX_PRECISION = 1000;
const MAX_RESULT = 10_000_000;

/** `"%d of %s".format([1, "x"])`. */
export function formatString(format: string, args: ListValue): string | Failure {
  let used = 0;
  let problem: Failure | undefined;
  let length = format.length;
  const text = format.replace(/%(%|(?:\.(\d{1,9}))?(.?))/gs, (_, all: string, precision?: string, verb?: string) => {
    if (problem !== undefined) return "";
    if (all === "%") return "%";
    if (used >= args.size) {
      problem = failure(`index ${used} out of range`);
      return "";
    }
    const shown = formatOne(verb ?? "", precision === undefined ? undefined : Number(precision), args.at(used++));
    if (shown instanceof Failure) problem = shown;
    else {
      length += shown.length;
      if (length <= MAX_RESULT) return shown;
      problem = failure("formatted string is too long");
    }
    return "";
  });
  return problem ?? text;
}

function formatOne(verb: string, precision: number | undefined, value: CelValue): string | Failure {
  const integer = typeof value === "bigint" ? value : value instanceof Uint ? value.value : undefined;
  const number = typeof value === "number" ? value : integer === undefined ? undefined : Number(integer);
  const wrong = (): Failure =>
    failure(`error during formatting: unsupported type for %${verb}: ${plainTypeName(typeOfValue(value))}`);
  switch (verb) {
    case "s":
      return plain(value, 0);
    case "d":
      return integer === undefined ? wrong() : String(integer);
    case "b":
      return typeof value === "boolean" ? String(Number(value)) : (integer?.toString(2) ?? wrong());
    case "o":
      return integer?.toString(8) ?? wrong();
    case "x":
    case "X": {
      const text =
        integer?.toString(16) ??
        (typeof value === "string" || value instanceof Uint8Array
          ? Buffer.from(value as string).toString("hex")
          : undefined);
      return text === undefined ? wrong() : verb === "X" ? text.toUpperCase() : text;
    }
    case "f":
    case "e": {
      if (number === undefined || (precision ?? 0) > MAX_PRECISION) return wrong();
      if (!Number.isFinite(number)) return formatDouble(number);
      const digits = Math.min(precision ?? 6, 100);
      return verb === "f" ? number.toFixed(digits) : number.toExponential(digits).replace(/e([+-])(\d)$/, "e$10$2");
    }
    default:
      return failure(`could not parse formatting clause: unrecognized formatting clause "${verb}"`);
  }
}

function plain(value: CelValue, nesting: number): string {
  if (nesting > MAX_NESTING) return "…";
  if (value instanceof ListValue) return `[${Array.from(value, (item) => plain(item, nesting + 1)).join(", ")}]`;
  if (value instanceof MapValue) {
    const entries = Array.from(value.keys(), (key) => [plain(key, nesting + 1), plain(value.get(key), nesting + 1)]);
    return `{${entries
      .map(([key, text]) => `${key}: ${text}`)
      .sort()
      .join(", ")}}`;
  }
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof TypeValue) return plainTypeName(value.type);
  if (typeof value === "number") return formatDouble(value);
  return typeof value === "object" && value !== null ? plainTypeName(typeOfValue(value)) : String(value);
}
