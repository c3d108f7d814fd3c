/**
 * Label selectors: the query-string form ("a=b,c in (d,e),!f") and metav1.LabelSelector objects, both compiled into one
 * `Selector`. Syntax and words of errors are upstream's apimachinery labels package.
 */
import { checkLabelValue, checkQualifiedName } from "./names.ts";
import type { LabelSelector } from "./types/meta-v1.ts";

export type Labels = Readonly<Record<string, string>>;
export type SelectorOperator = "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt";

export interface Requirement {
  readonly key: string;
  readonly operator: SelectorOperator;
  readonly values: readonly string[];
  /** "=" and "!=" print back as they came; others by operator. */
  readonly exact?: boolean;
}

export interface Selector {
  readonly requirements: readonly Requirement[];
  /** True when everything matches. */
  readonly empty: boolean;
  matches(labels: Labels | undefined): boolean;
  /** The query-string form, requirements in key order as upstream prints them. */
  toString(): string;
}

/** The selector text is wrong; the message is upstream's, for a 400 answer. */
export class SelectorSyntaxError extends Error {
  readonly code = "SELECTOR_SYNTAX";
}

const NO_LABELS: Labels = {};

export function requirementMatches(r: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, r.key) ? labels[r.key] : undefined;
  switch (r.operator) {
    case "In":
      return value !== undefined && r.values.includes(value);
    case "NotIn":
      return value === undefined || !r.values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
    case "Lt": {
      const [here, bound] = [int64Of(value), int64Of(r.values[0])];
      if (here === undefined || bound === undefined) return false;
      return r.operator === "Gt" ? here > bound : here < bound;
    }
    default:
      // An operator that validation is about to refuse.
      return false;
  }
}

/** As Go's ParseInt reads it; undefined where it would not. */
function int64Of(text: string | undefined): bigint | undefined {
  if (text === undefined || !/^[+-]?\d{1,64}$/.test(text)) return undefined;
  const value = text.startsWith("+") ? BigInt(text.slice(1)) : BigInt(text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** A selector of requirements that all must hold. */
export function selectorFrom(requirements: readonly Requirement[]): Selector {
  return {
    requirements,
    empty: requirements.length === 0,
    matches: (labels) => requirements.every((r) => requirementMatches(r, labels ?? NO_LABELS)),
    toString: () =>
      [...requirements]
        .sort((a, b) => compare(a.key, b.key))
        .map(formatRequirement)
        .join(","),
  };
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Matches nothing: what an absent LabelSelector means where upstream says "nil selects nothing". */
export const NOTHING: Selector = { requirements: [], empty: false, matches: () => false, toString: () => "" };
export const EVERYTHING: Selector = selectorFrom([]);

function formatRequirement(r: Requirement): string {
  switch (r.operator) {
    case "Exists":
      return r.key;
    case "DoesNotExist":
      return `!${r.key}`;
    case "Gt":
      return `${r.key}>${r.values[0]}`;
    case "Lt":
      return `${r.key}<${r.values[0]}`;
    default: {
      if (r.exact === true) return `${r.key}${r.operator === "In" ? "=" : "!="}${r.values[0]}`;
      return `${r.key} ${r.operator === "In" ? "in" : "notin"} (${[...r.values].sort(compare).join(",")})`;
    }
  }
}

/** The selector of a LabelSelector object: absent matches nothing, `{}` everything. Invalid operators match nothing. */
export function selectorOf(selector: LabelSelector | undefined): Selector {
  if (selector === undefined) return NOTHING;
  const requirements: Requirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push({ key, operator: "In", values: [value], exact: true });
  }
  for (const e of selector.matchExpressions ?? []) {
    requirements.push({ key: e.key, operator: e.operator as SelectorOperator, values: e.values ?? [] });
  }
  return selectorFrom(requirements);
}

/** The selector of a plain map (Service, ReplicationController): every label must be equal. */
export function selectorOfMap(labels: Labels | undefined): Selector {
  return selectorFrom(
    Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: "In", values: [value], exact: true })),
  );
}

/** A LabelSelector as printers show it: "<none>" when it selects by nothing. */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  return selectorOf(selector).toString() || "<none>";
}

/** A map of labels as printers show it, "a=b,c=d" in key order, "<none>" when empty. */
export function formatLabels(labels: Labels | undefined): string {
  const text = Object.entries(labels ?? {})
    .sort(([a], [b]) => compare(a, b))
    .map(([k, v]) => `${k}=${v}`)
    .join(",");
  return text === "" ? "<none>" : text;
}

/** `kind` is "identifier", "end", or the operator itself. */
type Token = { readonly kind: string; readonly text: string };

function lex(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s+|[()!,<>]|==|=|!=|[^\s()!,<>=]+/gy;
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    // "!=" must win over "!".
    const found = text.startsWith("!=", at) ? "!=" : (pattern.exec(text)?.[0] ?? (text[at] as string));
    at += found.length;
    if (found.trim() === "") continue;
    const special = /^([()!,<>]|==|=|!=|in|notin)$/.test(found);
    tokens.push({ kind: special ? found : "identifier", text: found });
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}

/** Parses a labelSelector query parameter. Throws SelectorSyntaxError. */
export function parseSelector(text: string): Selector {
  return selectorFrom(new Parser(lex(text)).parse());
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** "in" and "notin" are plain words wherever a key or value stands. */
  #peek(words: boolean): Token {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)] as Token;
    return words && (token.kind === "in" || token.kind === "notin") ? { ...token, kind: "identifier" } : token;
  }
  #next(words: boolean): Token {
    const token = this.#peek(words);
    this.#at++;
    return token;
  }

  parse(): Requirement[] {
    const found: Requirement[] = [];
    for (;;) {
      const token = this.#peek(true);
      if (token.kind === "end") return found;
      if (token.kind !== "identifier" && token.kind !== "!") {
        throw new SelectorSyntaxError(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      found.push(this.#requirement());
      const after = this.#next(true);
      if (after.kind === "end") return found;
      if (after.kind !== ",") throw new SelectorSyntaxError(`found '${after.text}', expected: ',' or 'end of string'`);
      const then = this.#peek(true);
      if (then.kind !== "identifier" && then.kind !== "!") {
        throw new SelectorSyntaxError(`found '${then.text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): Requirement {
    let token = this.#next(true);
    const negated = token.kind === "!";
    if (negated) token = this.#next(true);
    if (token.kind !== "identifier") throw wrong(`found '${token.text}', expected: identifier`);
    const key = token.text;
    for (const m of checkQualifiedName(key)) throw wrong(`key: Invalid value: ${JSON.stringify(key)}: ${m}`);
    if (negated) return { key, operator: "DoesNotExist", values: [] };
    const after = this.#peek(true).kind;
    if (after === "end" || after === ",") return { key, operator: "Exists", values: [] };
    return checkValues(this.#operation(key));
  }

  #operation(key: string): Requirement {
    const token = this.#next(false);
    switch (token.kind) {
      case "in":
        return { key, operator: "In", values: this.#values() };
      case "notin":
        return { key, operator: "NotIn", values: this.#values() };
      case "=":
      case "==":
        return { key, operator: "In", values: [this.#value()], exact: true };
      case "!=":
        return { key, operator: "NotIn", values: [this.#value()], exact: true };
      case ">":
        return { key, operator: "Gt", values: [this.#value()] };
      case "<":
        return { key, operator: "Lt", values: [this.#value()] };
      default:
        throw wrong(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
  }

  #value(): string {
    const kind = this.#peek(true).kind;
    if (kind === "end" || kind === ",") return "";
    const token = this.#next(true);
    if (token.kind !== "identifier") throw wrong(`found '${token.text}', expected: identifier`);
    return token.text;
  }

  /** "(a,b)"; an empty place between commas is the empty value. */
  #values(): string[] {
    const open = this.#next(true);
    if (open.kind !== "(") throw wrong(`found '${open.text}' expected: '('`);
    const found = new Set<string>();
    let expectValue = true;
    for (;;) {
      const token = this.#next(true);
      if (token.kind === "identifier" && expectValue) {
        found.add(token.text);
        expectValue = false;
      } else if (token.kind === ",") {
        if (expectValue) found.add("");
        expectValue = true;
      } else if (token.kind === ")") {
        if (expectValue && found.size > 0) found.add("");
        return [...found];
      } else {
        throw wrong(`found '${token.text}', expected: ',', or ')'`);
      }
    }
  }
}

const wrong = (message: string): SelectorSyntaxError =>
  new SelectorSyntaxError(`unable to parse requirement: ${message}`);

function checkValues(r: Requirement): Requirement {
  if (r.values.length === 0) {
    throw wrong("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
  }
  if ((r.operator === "Gt" || r.operator === "Lt") && int64Of(r.values[0]) === undefined) {
    throw wrong(
      `values[0]: Invalid value: ${JSON.stringify(r.values[0])}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  for (const [i, value] of r.values.entries()) {
    for (const m of checkLabelValue(value)) {
      throw wrong(`values[${i}][${r.key}]: Invalid value: ${JSON.stringify(value)}: ${m}`);
    }
  }
  return r;
}
