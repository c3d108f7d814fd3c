import type { RE2JS } from "re2js";
import { Failure, failure } from "../runtime/failure.ts";
import { REGEX_LENGTH, sizeOf } from "../runtime/size.ts";
import { ArrayList } from "../runtime/values.ts";
import type { CelValue } from "../types.ts";
import { type CallEstimate, type Overload, overload, type SizeBound } from "./overload.ts";

/** Patterns are compiled once; an expression's own are few, those from data would grow without end. In cost units. */
const MAX_KEPT_COST = 5_000_000;

/** RE2 expressions, in time linear to the text. The engine is loaded at first need, since it takes longer than a start may. */
class RegexEngine {
  readonly #patterns = new Map<string, RE2JS | Failure>();
  #keptCost = 0;
  #engine: typeof RE2JS | undefined;

  async load(): Promise<void> {
    this.#engine ??= (await import("re2js")).RE2JS;
  }

  get loaded(): boolean {
    return this.#engine !== undefined;
  }

  /** Compiled before: literals are when their expression is. */
  knows(pattern: string): boolean {
    return this.#patterns.has(pattern);
  }

  compile(pattern: string): RE2JS | Failure {
    const kept = this.#patterns.get(pattern);
    if (kept !== undefined) return kept;
    if (this.#engine === undefined) throw new Error("regular expressions are used before loadRegex() was awaited");
    let compiled: RE2JS | Failure;
    try {
      compiled = this.#engine.compile(pattern);
    } catch (err) {
      compiled = failure(err instanceof Error ? err.message : String(err));
    }
    this.#keptCost += compileCost(pattern);
    if (this.#keptCost > MAX_KEPT_COST) {
      this.#patterns.clear();
      this.#keptCost = compileCost(pattern);
    }
    this.#patterns.set(pattern, compiled);
    return compiled;
  }
}

const engine = new RegexEngine();

/** Await this before anything that may use regular expressions is compiled or evaluated. */
export const loadRegex = (): Promise<void> => engine.load();

/** What is wrong with a pattern; undefined where nothing is, or the engine is not loaded. */
export function patternProblem(pattern: string): string | undefined {
  const compiled = engine.loaded ? engine.compile(pattern) : undefined;
  return compiled instanceof Failure ? compiled.message : undefined;
}

export function matches(text: string, pattern: string): boolean | Failure {
  const compiled = engine.compile(pattern);
  return compiled instanceof Failure ? compiled : compiled.matcher(text).find();
}

export const regexCost = ([text, pattern]: readonly CelValue[]): number =>
  Math.ceil((1 + sizeOf(text)) * 0.1) * Math.max(1, Math.ceil(sizeOf(pattern) * REGEX_LENGTH)) +
  (engine.knows(pattern as string) ? 0 : compileCost(pattern as string));

/** Repetitions are written out when a pattern is compiled: what takes time is their product. Patterns of data pay for it. */
function compileCost(pattern: string): number {
  let repeated = 1;
  for (const [, from, to] of pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g))
    repeated = Math.min(1e6, repeated * Math.max(1, Number(from), Number(to ?? 0)));
  return Math.ceil((10 + pattern.length) * repeated * 2.5);
}
export const regexEstimate = ([text, pattern]: readonly SizeBound[]): CallEstimate => ({
  cost: Math.ceil((1 + (text?.size ?? 0)) * 0.1) * Math.max(1, Math.ceil((pattern?.size ?? 0) * REGEX_LENGTH)),
});

function findAll(text: string, pattern: string, limit: bigint): ArrayList | Failure {
  const compiled = engine.compile(pattern);
  if (compiled instanceof Failure) return compiled;
  const found: string[] = [];
  const matcher = compiled.matcher(text);
  while ((limit < 0n || found.length < limit) && matcher.find()) found.push(matcher.group() ?? "");
  return new ArrayList(found);
}

/** `find` and `findAll`. */
export function regex(): readonly Overload[] {
  const options = {
    cost: regexCost,
    estimate: (args: readonly SizeBound[]): CallEstimate => ({
      ...regexEstimate(args),
      result: { size: args[0]?.size ?? 0, element: { size: args[0]?.size ?? 0 } },
    }),
  };
  const find = (text: string, pattern: string): CelValue | Failure => {
    const found = findAll(text, pattern, 1n);
    return found instanceof Failure ? found : (found.at(0) ?? "");
  };
  return [
    overload("string.find(string): string", find, options),
    overload("string.findAll(string): list<string>", (text, pattern) => findAll(text, pattern, -1n), options),
    overload("string.findAll(string, int): list<string>", findAll, options),
  ];
}
