import type { Failure } from "../runtime/failure.ts";
import type { Expr } from "../syntax/ast.ts";
import { celTypes } from "../type.ts";
import type { CelType, CelValue } from "../types.ts";

/** What a call costs, charged before it is made; in cost units. */
export type CallCost = (args: readonly CelValue[]) => number;

/** A bound on sizes: code points, items, entries or bytes. Infinity where nothing bounds it. */
export interface SizeBound {
  readonly size: number;
  /** Of a list's or map's own values. */
  readonly element?: SizeBound;
}
/** An upper bound of cost, and the result's size where it follows from the arguments. */
export interface CallEstimate {
  readonly cost: number;
  readonly result?: SizeBound;
}

/** One way to call a function. Parameters of a member start with its receiver. */
export interface Overload {
  readonly fn: string;
  readonly member: boolean;
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  readonly call: (...args: any[]) => CelValue | Failure; // oxlint-disable-line no-explicit-any -- the checker and dispatch hold the types
  /** 1 where absent. */
  readonly cost?: CallCost;
  /** What the result costs besides, where its size does not follow from the arguments'. */
  readonly resultCost?: (result: CelValue) => number;
  readonly estimate?: (args: readonly SizeBound[]) => CallEstimate;
  /** The same for one place in one expression, for calls that keep what they made of their arguments there. */
  readonly atSite?: (args: readonly Expr[]) => Pick<Overload, "call" | "cost">;
}

export type OverloadOptions = Pick<Overload, "cost" | "resultCost" | "estimate" | "atSite">;

/**
 * An overload from its signature: "size(string): int" for functions, "string.size(): int" for members. Types are CEL's names,
 * list<T>, map<K, V>, optional<T>, type<T>, single capitals for parameters, and dotted names for opaque types.
 */
export function overload(signature: string, call: Overload["call"], options: OverloadOptions = {}): Overload {
  const parse = new SignatureParser(signature);
  return { ...parse.signature(), call, ...options };
}

const SIMPLE = {
  dyn: celTypes.dyn,
  bool: celTypes.bool,
  int: celTypes.int,
  uint: celTypes.uint,
  double: celTypes.double,
  string: celTypes.string,
  bytes: celTypes.bytes,
  null: celTypes.null,
  timestamp: celTypes.timestamp,
  duration: celTypes.duration,
} as const;

class SignatureParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  signature(): Pick<Overload, "fn" | "member" | "parameters" | "result"> {
    const open = this.#text.indexOf("(");
    const member = /^(.*[^.])\.([@\w]+)$/.exec(this.#text.slice(0, open));
    // "ip.isCanonical(string): bool" is a function; a receiver is known by starting with a type.
    const receiver = member !== null && isType(member[1] as string) ? (member[1] as string) : undefined;
    const parameters: CelType[] = receiver === undefined ? [] : [new SignatureParser(receiver).#type()];
    const fn = receiver === undefined ? this.#text.slice(0, open) : (member?.[2] as string);
    this.#at = open + 1;
    while (this.#text[this.#at] !== ")") {
      parameters.push(this.#type());
      this.#skip(/[, ]*/y);
    }
    this.#skip(/\): */y);
    return { fn, member: receiver !== undefined, parameters, result: this.#type() };
  }

  #type(): CelType {
    const name = this.#skip(/[\w.]+/y);
    const parts: CelType[] = [];
    if (this.#text[this.#at] === "<") {
      this.#at++;
      while (this.#text[this.#at] !== ">") {
        parts.push(this.#type());
        this.#skip(/[, ]*/y);
      }
      this.#at++;
    }
    const [first, second] = parts as [CelType, CelType];
    if (name === "list") return celTypes.list(first);
    if (name === "map") return celTypes.map(first, second);
    if (name === "optional") return celTypes.optional(first);
    if (name === "type") return celTypes.typeOf(first);
    if (/^[A-Z]$/.test(name)) return celTypes.parameter(name);
    return Object.hasOwn(SIMPLE, name) ? SIMPLE[name as keyof typeof SIMPLE] : celTypes.opaque(name);
  }

  #skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += text.length;
    return text;
  }
}

const isType = (text: string): boolean =>
  Object.hasOwn(SIMPLE, text) ||
  /^(list|map|optional|type)</.test(text) ||
  /^[A-Z]$/.test(text) ||
  /^(kubernetes|net)\./.test(text);
