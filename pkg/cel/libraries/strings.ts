import { type Failure, failure } from "../runtime/failure.ts";
import { deepCost, traversal } from "../runtime/size.ts";
import { characters, codePoints, isPlain, sliceCodePoints, toCodePoint } from "../runtime/text.ts";
import { ArrayList, type ListValue } from "../runtime/values.ts";
import { formatString } from "./format-string.ts";
import { type CallEstimate, type Overload, overload, type OverloadOptions, type SizeBound } from "./overload.ts";

const walk = (times: number): OverloadOptions => ({
  cost: ([text]) => traversal(text, times),
  estimate: ([text]) => ({ cost: Math.ceil((text?.size ?? 0) * 0.1 * times), ...(text && { result: text }) }),
});
/** Looking for one string in another may compare all with all. */
const search: OverloadOptions = {
  cost: ([text, part]) => Math.max(1, traversal(text)) * Math.max(1, traversal(part)),
  estimate: ([text]) => ({ cost: Math.ceil((text?.size ?? 0) * 0.1) }),
};

/** cel-go's strings extension, version 2. Offsets are in code points. */
export function strings(): readonly Overload[] {
  return [
    overload("string.charAt(int): string", charAt, walk(1)),
    overload("string.indexOf(string): int", (text, part) => indexOf(text, part, 0n), search),
    overload("string.indexOf(string, int): int", indexOf, search),
    overload("string.lastIndexOf(string): int", (text, part) => lastIndexOf(text, part), search),
    overload("string.lastIndexOf(string, int): int", lastIndexOf, search),
    overload("string.lowerAscii(): string", (text: string) => text.replace(/[A-Z]+/g, (s) => s.toLowerCase()), walk(1)),
    overload("string.upperAscii(): string", (text: string) => text.replace(/[a-z]+/g, (s) => s.toUpperCase()), walk(1)),
    overload("string.trim(): string", (text: string) => text.trim(), walk(1)),
    overload("string.substring(int): string", (text, from) => substring(text, from), walk(1)),
    overload("string.substring(int, int): string", substring, walk(1)),
    overload("string.replace(string, string): string", (text, from, to) => replace(text, from, to, -1n), replacing),
    overload("string.replace(string, string, int): string", replace, replacing),
    overload("string.split(string): list<string>", (text, separator) => split(text, separator, -1n), splitting),
    overload("string.split(string, int): list<string>", split, splitting),
    overload("list<string>.join(): string", (list: ListValue) => join(list, ""), joining),
    overload("list<string>.join(string): string", join, joining),
    overload("string.format(list<dyn>): string", formatString, formatting),
    overload("strings.quote(string): string", (text: string) => quote(text), walk(2)),
  ];
}

function charAt(text: string, index: bigint): string | Failure {
  const length = codePoints(text);
  if (index < 0n || index > length) return failure(`index out of range: ${index}`);
  return sliceCodePoints(text, Number(index), Number(index) + 1);
}

function indexOf(text: string, part: string, from: bigint): bigint | Failure {
  if (part === "") return from;
  if (from < 0n || (from > 0n && from >= codePoints(text))) return failure(`index out of range: ${from}`);
  const start = isPlain(text) ? Number(from) : sliceCodePoints(text, 0, Number(from)).length;
  return BigInt(toCodePoint(text, text.indexOf(part, start)));
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint | Failure {
  const length = codePoints(text);
  if (from !== undefined && (from < 0n || from >= length)) return failure(`index out of range: ${from}`);
  if (part === "") return from ?? BigInt(length);
  const end =
    from === undefined ? text.length : isPlain(text) ? Number(from) : sliceCodePoints(text, 0, Number(from)).length;
  return BigInt(toCodePoint(text, text.lastIndexOf(part, end)));
}

function substring(text: string, from: bigint, to?: bigint): string | Failure {
  const length = BigInt(codePoints(text));
  const end = to ?? length;
  if (from < 0n || from > length) return failure(`index out of range: ${from}`);
  if (end < 0n || end > length) return failure(`index out of range: ${end}`);
  if (from > end) return failure(`invalid substring range. start: ${from}, end: ${end}`);
  return sliceCodePoints(text, Number(from), Number(end));
}

/** The result must not outgrow what its cost was charged for by much. */
const MAX_RESULT = 10_000_000;

function replace(text: string, from: string, to: string, limit: bigint): string | Failure {
  if (limit === 0n) return text;
  const parts = from === "" ? ["", ...characters(text), ""] : text.split(from);
  const count = limit < 0n || limit >= parts.length - 1 ? parts.length - 1 : Number(limit);
  if (text.length + count * to.length > MAX_RESULT) return failure("replacement is too long");
  return (
    parts.slice(0, count + 1).join(to) +
    parts
      .slice(count + 1)
      .map((part) => from + part)
      .join("")
  );
}

function split(text: string, separator: string, limit: bigint): ArrayList {
  if (limit === 0n) return new ArrayList([]);
  const parts = separator === "" ? characters(text) : text.split(separator);
  if (limit < 0n || limit >= parts.length) return new ArrayList(parts);
  const head = parts.slice(0, Number(limit) - 1);
  return new ArrayList([...head, parts.slice(Number(limit) - 1).join(separator)]);
}

function join(list: ListValue, separator: string): string | Failure {
  const parts: string[] = [];
  let length = 0;
  for (const item of list) {
    if (typeof item !== "string") return failure("no such overload");
    length += item.length + separator.length;
    if (length > MAX_RESULT) return failure("joined string is too long");
    parts.push(item);
  }
  return parts.join(separator);
}

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};
const quote = (text: string): string =>
  `"${text.toWellFormed().replace(/[\x07\b\f\n\r\t\v\\"]/g, (char) => ESCAPES[char] as string)}"`; // oxlint-disable-line no-control-regex -- those are what is escaped

const sizeOf = (bound: SizeBound | undefined): number => bound?.size ?? 0;
const replacing: OverloadOptions = {
  ...walk(2),
  resultCost: (result) => traversal(result),
  estimate: ([text, from, to]): CallEstimate => {
    // The worst: each shortest match becomes the longest replacement.
    const grown = from !== undefined && sizeOf(to) > 1 ? (sizeOf(text) + 1) * sizeOf(to) + sizeOf(text) : sizeOf(text);
    return { cost: Math.ceil(sizeOf(text) * 0.2), result: { size: grown } };
  },
};
const splitting: OverloadOptions = {
  ...walk(2),
  estimate: ([text]): CallEstimate => ({
    cost: Math.ceil(sizeOf(text) * 0.2),
    result: { size: sizeOf(text), element: { size: sizeOf(text) } },
  }),
};
const joining: OverloadOptions = {
  cost: ([list]) => Math.max(1, traversal(list)),
  resultCost: (result) => traversal(result, 2),
  estimate: ([list, separator]): CallEstimate => {
    const size = sizeOf(list) * ((list?.element?.size ?? 0) + sizeOf(separator));
    return { cost: Math.ceil(size * 0.1), result: { size } };
  },
};
const formatting: OverloadOptions = {
  cost: ([text, list]) => traversal(text) + deepCost(list),
  resultCost: (result) => traversal(result),
  estimate: ([text, list]): CallEstimate => {
    const size = sizeOf(text) + sizeOf(list) * Math.max(20, list?.element?.size ?? 0);
    return { cost: Math.ceil(size * 0.1), result: { size } };
  },
};
