import { CelSyntaxError } from "../source-error.ts";
import type { Token } from "./lexer.ts";

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "?": "?",
  '"': '"',
  "'": "'",
  "`": "`",
};

/** A string or bytes literal whose prefix (r, b, rb or none) starts at `at`. @throws CelSyntaxError */
export function readQuoted(
  source: string,
  at: number,
  prefix: string,
): { readonly token: Token; readonly end: number } {
  const raw = prefix.includes("r");
  let position = at + prefix.length;
  const one = source[position] as string;
  const quote = source.startsWith(one.repeat(3), position) ? one.repeat(3) : one;
  position += quote.length;
  const parts: (string | number)[] = [];
  for (;;) {
    const char = source[position];
    if (char === undefined || (quote.length === 1 && (char === "\n" || char === "\r")))
      throw new CelSyntaxError(at, `Syntax error: token recognition error at: '${source.slice(at, position)}'`);
    if (source.startsWith(quote, position)) break;
    if (char === "\\" && !raw) {
      const escape = readEscape(source, position, prefix.includes("b"));
      parts.push(escape.value);
      position = escape.end;
    } else {
      parts.push(char);
      position += 1;
    }
  }
  const end = position + quote.length;
  const text = source.slice(at, end);
  if (!prefix.includes("b")) return { token: { kind: "string", text, value: parts.map(charOf).join(""), at }, end };
  return { token: { kind: "bytes", text, value: bytesOf(parts), at }, end };
}

const charOf = (part: string | number): string => (typeof part === "number" ? String.fromCodePoint(part) : part);

/** Characters as UTF-8; numbers (from \x and octal escapes) as the byte itself. */
function bytesOf(parts: readonly (string | number)[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") text += part;
    else {
      chunks.push(Buffer.from(text), Uint8Array.of(part));
      text = "";
    }
  }
  return new Uint8Array(Buffer.concat([...chunks, Buffer.from(text)]));
}

/** One escape sequence; in bytes a number is a byte, in strings a code point. */
function readEscape(
  source: string,
  at: number,
  bytes: boolean,
): { readonly value: string | number; readonly end: number } {
  const char = source[at + 1] ?? "";
  const simple = SIMPLE_ESCAPES[char];
  if (simple !== undefined) return { value: simple, end: at + 2 };
  const [length, digits, skip] =
    char === "x" || char === "X"
      ? [2, /^[0-9a-fA-F]{2}$/, 2]
      : char === "u" && !bytes
        ? [4, /^[0-9a-fA-F]{4}$/, 2]
        : char === "U" && !bytes
          ? [8, /^[0-9a-fA-F]{8}$/, 2]
          : [3, /^[0-3][0-7]{2}$/, 1];
  const text = source.slice(at + skip, at + skip + length);
  const code = digits.test(text) ? Number.parseInt(text, length === 3 ? 8 : 16) : -1;
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < 0 || code > 0x10ffff || (surrogate && !bytes))
    throw new CelSyntaxError(at, "Syntax error: token recognition error: unable to unescape string");
  return { value: code, end: at + skip + length };
}
