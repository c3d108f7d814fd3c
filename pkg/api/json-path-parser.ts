/** A path that cannot be read, or does not fit the value it is used on. */
export class JsonPathError extends Error {
  readonly code = "JSON_PATH";
  constructor(message: string) {
    super(message);
    this.name = "JsonPathError";
  }
}

export type PathNode =
  | { readonly kind: "field"; readonly name: string }
  /** `isIndex` for `[3]`, which is the slice from 3 to 4. */
  | {
      readonly kind: "slice";
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly step: number | undefined;
      readonly isIndex: boolean;
    }
  | { readonly kind: "wildcard" }
  | { readonly kind: "recursive" }
  | { readonly kind: "union"; readonly paths: readonly (readonly PathNode[])[] }
  | {
      readonly kind: "filter";
      readonly left: readonly PathNode[];
      readonly right: readonly PathNode[];
      readonly operator: string;
    }
  | { readonly kind: "value"; readonly value: string | number | boolean };

const TERMINATORS = new Set([" ", "\t", "\r", "\n", ".", ",", "[", "]", "$", "@", "{", "}"]);
const SLICE = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/;
const COMPARISON = /^([^!<>=]+)([!<>=~]+)(.+)$/;

/** Reads what stands between the braces of a JSONPath template. */
export class JsonPathParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws JsonPathError in upstream's words */
  parse(): PathNode[] {
    const nodes: PathNode[] = [];
    while (this.#at < this.#text.length) this.#step(nodes);
    return nodes;
  }

  #step(nodes: PathNode[]): void {
    const text = this.#text;
    if (text.startsWith("[?(", this.#at)) return void nodes.push(this.#filter());
    if (text.startsWith("..", this.#at)) return this.#recursive(nodes);
    const char = text[this.#at] as string;
    if (char === " " || char === "@" || char === "$") this.#at++;
    else if (char === "[") nodes.push(...this.#array());
    else if (char === '"' || char === "'") nodes.push({ kind: "value", value: this.#quoted(char) });
    else if (char === ".") {
      this.#at++;
      nodes.push(this.#field());
    } else if (/[-+\d]/.test(char)) nodes.push({ kind: "value", value: this.#number() });
    else if (/[\p{L}_]/u.test(char)) nodes.push({ kind: "value", value: this.#word() });
    else if (char === "\n" || char === "\r") throw new JsonPathError("unclosed action");
    else throw new JsonPathError(`unrecognized character in action: ${codePoint(char)}`);
  }

  #recursive(nodes: PathNode[]): void {
    if (nodes.at(-1)?.kind === "recursive") throw new JsonPathError("invalid multiple recursive descent");
    this.#at += 2;
    nodes.push({ kind: "recursive" });
    if (/[\p{L}\p{N}_]/u.test(this.#text[this.#at] ?? "")) nodes.push(this.#field());
  }

  #field(): PathNode {
    let name = "";
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string;
      if (char === "\\") name += this.#text[++this.#at] ?? "";
      else if (TERMINATORS.has(char)) break;
      else name += char;
    }
    return name === "*" ? { kind: "wildcard" } : { kind: "field", name };
  }

  #word(): boolean {
    const word = this.#until((char) => TERMINATORS.has(char));
    if (word === "true" || word === "false") return word === "true";
    throw new JsonPathError(`unrecognized identifier ${word}`);
  }

  #number(): number {
    const sign = /[-+]/.test(this.#text[this.#at] as string) ? (this.#text[this.#at++] as string) : "";
    const digits = sign + this.#until((char) => !/[\d.]/.test(char));
    if (!/^[-+]?(\d+\.?\d*|\.\d+)$/.test(digits)) throw new JsonPathError(`cannot parse number ${digits}`);
    return Number(digits);
  }

  #until(isEnd: (char: string) => boolean): string {
    const from = this.#at;
    while (this.#at < this.#text.length && !isEnd(this.#text[this.#at] as string)) this.#at++;
    return this.#text.slice(from, this.#at);
  }

  #quoted(quote: string): string {
    let value = "";
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string;
      if (char === quote) {
        this.#at++;
        return value;
      }
      if (char === "\n") break;
      value += char === "\\" ? (this.#text[++this.#at] ?? "") : char;
    }
    throw new JsonPathError("unterminated quoted string");
  }

  #array(): PathNode[] {
    const end = this.#text.indexOf("]", this.#at);
    if (end < 0) throw new JsonPathError("unterminated array");
    const text = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    const parts = text.split(",");
    if (parts.length > 1) {
      const paths = parts.map((part) => new JsonPathParser(`[${part.trim()}]`).parse());
      return [{ kind: "union", paths }];
    }
    const key = /^'([^']*)'$/.exec(text);
    if (key !== null) return new JsonPathParser(`.${key[1] as string}`).parse();
    return [sliceOf(text === "*" ? ":" : text)];
  }

  #filter(): PathNode {
    const from = this.#at + 3;
    let quote = "";
    let end = from;
    for (; end < this.#text.length; end++) {
      const char = this.#text[end] as string;
      if (quote !== "") {
        if (char === quote && this.#text[end - 1] !== "\\") quote = "";
      } else if (char === '"' || char === "'") quote = char;
      else if (char === ")") break;
    }
    if (end >= this.#text.length) throw new JsonPathError("unterminated filter");
    if (this.#text[end + 1] !== "]") throw new JsonPathError("unclosed array expect ]");
    this.#at = end + 2;
    const text = this.#text.slice(from, end);
    const parts = COMPARISON.exec(text);
    if (parts === null)
      return { kind: "filter", left: new JsonPathParser(text).parse(), right: [], operator: "exists" };
    const [, left, operator, right] = parts as unknown as [string, string, string, string];
    return {
      kind: "filter",
      left: new JsonPathParser(left).parse(),
      right: new JsonPathParser(right).parse(),
      operator,
    };
  }
}

function sliceOf(text: string): PathNode {
  const parts = SLICE.exec(text);
  if (parts === null) throw new JsonPathError(`invalid array index ${text}`);
  const [first, second, third] = parts.slice(1);
  const index = (part: string): number | undefined => {
    if (part === "") return undefined;
    if (part === "-") throw new JsonPathError(`array index ${part} is not a number`);
    return Number(part);
  };
  const from = index(first ?? "");
  return {
    kind: "slice",
    from,
    to: second === undefined ? (from ?? 0) + 1 : index(second.slice(1)),
    step: third === undefined ? undefined : index(third.slice(1)),
    isIndex: second === undefined,
  };
}

const codePoint = (char: string): string =>
  `U+${(char.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")} '${char}'`;
