import { CelSyntaxError } from "../source-error.ts";
import { readQuoted } from "./quoted.ts";

export type Token =
  | { readonly kind: "ident" | "quoted-ident" | "punct"; readonly text: string; readonly at: number }
  | { readonly kind: "int" | "uint"; readonly text: string; readonly value: bigint; readonly at: number }
  | { readonly kind: "double"; readonly text: string; readonly value: number; readonly at: number }
  | { readonly kind: "string"; readonly text: string; readonly value: string; readonly at: number }
  | { readonly kind: "bytes"; readonly text: string; readonly value: Uint8Array; readonly at: number }
  | { readonly kind: "end"; readonly text: string; readonly at: number };

const SPACE = /(?:[\t \r\n\f]+|\/\/[^\n]*)*/y;
const IDENT = /[_a-zA-Z][_a-zA-Z0-9]*/y;
const NUMBER =
  /0[xX][0-9a-fA-F]+[uU]?|[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)|\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[uU]?/y;
const QUOTE_START = /(?:[rR][bB]?|[bB][rR]?)?(?="|')/y;
const PUNCT = /==|!=|<=|>=|&&|\|\||[[\]{}().,\-!?:+*/%<>]/y;
const QUOTED_IDENT = /`([a-zA-Z0-9_.\-/ ]+)`/y;

/** All tokens; the last one is "end". @throws CelSyntaxError */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  for (;;) {
    at += match(SPACE)?.[0].length ?? 0;
    if (at >= source.length) break;
    const quote = match(QUOTE_START);
    if (quote !== null) {
      const read = readQuoted(source, at, quote[0].toLowerCase());
      tokens.push(read.token);
      at = read.end;
      continue;
    }
    const token = numberAt(match(NUMBER)?.[0], at) ?? wordAt(match, at);
    if (token === undefined)
      throw new CelSyntaxError(at, `Syntax error: token recognition error at: '${source.slice(at, at + 1)}'`);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: "end", text: "<EOF>", at: source.length });
  return tokens;
}

function numberAt(text: string | undefined, at: number): Token | undefined {
  if (text === undefined) return undefined;
  if (/[uU]$/.test(text)) return { kind: "uint", text, value: BigInt(text.slice(0, -1)), at };
  if (/^0[xX]/.test(text) || /^[0-9]+$/.test(text)) return { kind: "int", text, value: BigInt(text), at };
  return { kind: "double", text, value: Number(text), at };
}

function wordAt(match: (pattern: RegExp) => RegExpExecArray | null, at: number): Token | undefined {
  const ident = match(IDENT);
  if (ident !== null) return { kind: "ident", text: ident[0], at };
  const quoted = match(QUOTED_IDENT);
  if (quoted !== null) return { kind: "quoted-ident", text: quoted[0], at };
  const punct = match(PUNCT);
  return punct === null ? undefined : { kind: "punct", text: punct[0], at };
}
