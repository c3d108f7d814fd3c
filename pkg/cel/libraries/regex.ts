import { RE2JS } from "re2js";
import { Failure, failure } from "../runtime/failure.ts";
import { REGEX_LENGTH, sizeOf } from "../runtime/size.ts";
import { ArrayList } from "../runtime/values.ts";
import type { Expr } from "../syntax/ast.ts";
import type { CelValue } from "../types.ts";
import { type CallEstimate, type Overload, overload, type SizeBound } from "./overload.ts";

/** RE2 expressions, in time linear to the text. */
function compile(pattern: string): RE2JS | Failure {
  try {
    return RE2JS.compile(pattern);
  } catch (err) {
    return failure(err instanceof Error ? err.message : String(err));
  }
}

/** What is wrong with a pattern. */
export function patternProblem(pattern: string): string | undefined {
  const compiled = compile(pattern);
  return compiled instanceof Failure ? compiled.message : undefined;
}

/** The pattern of one call: a literal for good, of those from data the last. */
class SitePattern {
  #source: string | undefined;
  #compiled: RE2JS | Failure | undefined;

  constructor(literal: string | undefined) {
    if (literal !== undefined) this.compile(literal);
  }

  /** Compiling it costs nothing more. */
  holds(pattern: string): boolean {
    return pattern === this.#source;
  }

  compile(pattern: string): RE2JS | Failure {
    if (this.#compiled === undefined || !this.holds(pattern)) this.#compiled = compile(pattern);
    this.#source = pattern;
    return this.#compiled;
  }
}

type Use = (pattern: RE2JS, text: string, ...more: CelValue[]) => CelValue | Failure;

/** Calls that search their first argument for their second. */
export function search(
  signature: string,
  use: Use,
  estimate: (args: readonly SizeBound[]) => CallEstimate = searchEstimate,
): Overload {
  const callAt =
    (pattern: SitePattern): Overload["call"] =>
    (text: string, source: string, ...more: CelValue[]) => {
      const compiled = pattern.compile(source);
      return compiled instanceof Failure ? compiled : use(compiled, text, ...more);
    };
  const atSite: Overload["atSite"] = ([, given]) => {
    const pattern = new SitePattern(literalText(given));
    return { call: callAt(pattern), cost: (args) => searchCost(args, pattern) };
  };
  return overload(signature, (...args) => callAt(new SitePattern(undefined))(...args), { estimate, atSite });
}

const literalText = (node: Expr | undefined): string | undefined =>
  node?.kind === "literal" && typeof node.value === "string" ? node.value : undefined;

const searchCost = ([text, pattern]: readonly CelValue[], site: SitePattern): number =>
  Math.ceil((1 + sizeOf(text)) * 0.1) * Math.max(1, Math.ceil(sizeOf(pattern) * REGEX_LENGTH)) +
  (site.holds(pattern as string) ? 0 : compileCost(pattern as string));

/** Repetitions are written out when a pattern is compiled: what takes time is their product. Patterns of data pay for it. */
function compileCost(pattern: string): number {
  let repeated = 1;
  for (const [, from, to] of pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g))
    repeated = Math.min(1e6, repeated * Math.max(1, Number(from), Number(to ?? 0)));
  return Math.ceil((10 + pattern.length) * repeated * 2.5);
}

function searchEstimate([text, pattern]: readonly SizeBound[]): CallEstimate {
  const length = Math.max(1, Math.ceil((pattern?.size ?? 0) * REGEX_LENGTH));
  return { cost: Math.ceil((1 + (text?.size ?? 0)) * 0.1) * length };
}

function findAll(pattern: RE2JS, text: string, limit: bigint): ArrayList {
  const found: string[] = [];
  const matcher = pattern.matcher(text);
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? "");
  return new ArrayList(found);
}

/** `find` and `findAll`. */
export function regex(): readonly Overload[] {
  const estimate = (args: readonly SizeBound[]): CallEstimate => ({
    ...searchEstimate(args),
    result: { size: args[0]?.size ?? 0, element: { size: args[0]?.size ?? 0 } },
  });
  const all = (pattern: RE2JS, text: string, limit: CelValue = -1n): CelValue =>
    findAll(pattern, text, limit as bigint);
  return [
    search("string.find(string): string", (pattern, text) => findAll(pattern, text, 1n).at(0) ?? "", estimate),
    search("string.findAll(string): list<string>", all, estimate),
    search("string.findAll(string, int): list<string>", all, estimate),
  ];
}

/** `matches`, as a function and of a string. */
export function matches(): readonly Overload[] {
  const test: Use = (pattern, text) => pattern.matcher(text).find();
  return [search("string.matches(string): bool", test), search("matches(string, string): bool", test)];
}
