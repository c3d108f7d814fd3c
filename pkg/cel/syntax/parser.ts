import { CelSyntaxError } from "../source-error.ts";
import { childrenOf, type Expr, type LiteralNode, type StructNode } from "./ast.ts";
import { type Token, tokenize } from "./lexer.ts";
import { expandMacro } from "./macros.ts";

const RESERVED = new Set(
  "as break const continue else for function if import let loop package namespace return var void while".split(" "),
);
const RELATIONS = new Map([
  ["<", "_<_"],
  ["<=", "_<=_"],
  [">", "_>_"],
  [">=", "_>=_"],
  ["==", "_==_"],
  ["!=", "_!=_"],
  ["in", "@in"],
]);
const SUMS = new Map([
  ["+", "_+_"],
  ["-", "_-_"],
]);
const PRODUCTS = new Map([
  ["*", "_*_"],
  ["/", "_/_"],
  ["%", "_%_"],
]);
const PRIMARY =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const INT_MAX = (1n << 63n) - 1n;
const UINT_MAX = (1n << 64n) - 1n;
/** As cel-go: nesting in the text, and the length of a text in characters. */
const MAX_NESTING = 250;
const MAX_LENGTH = 100_000;
/** Of the tree, which chains of operators deepen without nesting in the text: what walks it is recursive. */
const MAX_DEPTH = 1000;

/** The tree of an expression, macros expanded; `cel.bind` too with `bindings`. @throws CelSyntaxError */
export function parse(source: string, { bindings = false }: { readonly bindings?: boolean } = {}): Expr {
  if (source.length > MAX_LENGTH)
    throw new CelSyntaxError(
      0,
      `expression code point size exceeds limit: size: ${source.length}, limit ${MAX_LENGTH}`,
    );
  const parser = new Parser(tokenize(source), bindings);
  const root = parser.expression();
  parser.end();
  checkDepth(root);
  return root;
}

function checkDepth(root: Expr): void {
  let level: readonly Expr[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new CelSyntaxError(0, `expression recursion limit exceeded: ${MAX_NESTING}`);
    level = level.flatMap(childrenOf);
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #bindings: boolean;
  #next = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[], bindings: boolean) {
    this.#tokens = tokens;
    this.#bindings = bindings;
  }

  expression(): Expr {
    if (++this.#nesting > MAX_NESTING)
      throw new CelSyntaxError(this.#peek.at, `expression recursion limit exceeded: ${MAX_NESTING}`);
    const condition = this.#chain("||", "_||_", () => this.#chain("&&", "_&&_", () => this.#relation()));
    let result = condition;
    if (this.#is("?")) {
      const { at } = this.#take();
      const yes = this.#chain("||", "_||_", () => this.#chain("&&", "_&&_", () => this.#relation()));
      this.#expect(":");
      const no = this.expression();
      result = { kind: "call", at, fn: "_?_:_", target: undefined, args: [condition, yes, no] };
    }
    this.#nesting--;
    return result;
  }

  end(): void {
    if (this.#peek.kind !== "end") throw this.#unexpected("extraneous", "<EOF>");
  }

  /** && and || as balanced trees: long chains of them stay shallow. */
  #chain(operator: string, fn: string, operand: () => Expr): Expr {
    const terms = [operand()];
    const ats: number[] = [];
    while (this.#is(operator)) {
      ats.push(this.#take().at);
      terms.push(operand());
    }
    const balance = (from: number, to: number): Expr => {
      if (from === to) return terms[from] as Expr;
      const middle = (from + to) >> 1;
      const args = [balance(from, middle), balance(middle + 1, to)];
      return { kind: "call", at: ats[middle] as number, fn, target: undefined, args };
    };
    return balance(0, terms.length - 1);
  }

  #relation(): Expr {
    return this.#leftToRight(RELATIONS, () =>
      this.#leftToRight(SUMS, () => this.#leftToRight(PRODUCTS, () => this.#unary())),
    );
  }

  #leftToRight(operators: ReadonlyMap<string, string>, operand: () => Expr): Expr {
    let left = operand();
    for (;;) {
      const token = this.#peek;
      const fn = token.kind === "punct" || token.kind === "ident" ? operators.get(token.text) : undefined;
      if (fn === undefined) return left;
      const { at } = this.#take();
      left = { kind: "call", at, fn, target: undefined, args: [left, operand()] };
    }
  }

  #unary(): Expr {
    const { at } = this.#peek;
    for (const [operator, fn] of [
      ["!", "!_"],
      ["-", "-_"],
    ] as const) {
      if (!this.#is(operator)) continue;
      let count = 0;
      while (this.#is(operator)) {
        this.#take();
        count++;
      }
      const next = this.#peek;
      if (operator === "-" && count % 2 === 1 && (next.kind === "int" || next.kind === "double")) {
        this.#take();
        return this.#members(literalOf(next, at, true));
      }
      const operand = this.#members(this.#primary());
      return count % 2 === 0 ? operand : { kind: "call", at, fn, target: undefined, args: [operand] };
    }
    return this.#members(this.#primary());
  }

  #members(start: Expr): Expr {
    let node = start;
    for (;;) {
      const { at } = this.#peek;
      if (this.#is(".")) {
        this.#take();
        const optional = this.#is("?");
        if (optional) this.#take();
        const name = this.#take();
        if (name.kind !== "ident" && name.kind !== "quoted-ident")
          throw this.#unexpected("mismatched", "IDENTIFIER", name);
        if (name.kind === "ident" && !optional && this.#is("(")) {
          const open = this.#take();
          const args = this.#list(")");
          node = expandMacro(open.at, name.text, node, args, this.#bindings) ?? {
            kind: "call",
            at: open.at,
            fn: name.text,
            target: node,
            args,
          };
          continue;
        }
        const field = name.kind === "quoted-ident" ? name.text.slice(1, -1) : name.text;
        node = optional
          ? optionalCall("_?._", at, node, { kind: "literal", at: name.at, value: field })
          : { kind: "select", at, operand: node, field, test: false };
      } else if (this.#is("[")) {
        this.#take();
        const optional = this.#is("?");
        if (optional) this.#take();
        const index = this.expression();
        this.#expect("]");
        node = optionalCall(optional ? "_[?_]" : "_[_]", at, node, index);
      } else if (this.#is("{") && structName(node) !== undefined) {
        node = this.#struct(structName(node) as string);
      } else return node;
    }
  }

  #primary(): Expr {
    const token = this.#take();
    const { at } = token;
    switch (token.kind) {
      case "int":
      case "uint":
      case "double":
      case "string":
      case "bytes":
        return literalOf(token, at, false);
      case "ident":
        return this.#word(token.text, at);
      case "punct":
        break;
      default:
        throw this.#unexpected("mismatched", PRIMARY, token);
    }
    if (token.text === "(") {
      const inner = this.expression();
      this.#expect(")");
      return inner;
    }
    if (token.text === "[") {
      const elements: { value: Expr; optional: boolean }[] = [];
      this.#until("]", () => {
        const optional = this.#is("?");
        if (optional) this.#take();
        elements.push({ value: this.expression(), optional });
      });
      return { kind: "list", at, elements };
    }
    if (token.text === "{") {
      const entries: { key: Expr; value: Expr; optional: boolean }[] = [];
      this.#until("}", () => {
        const optional = this.#is("?");
        if (optional) this.#take();
        const key = this.expression();
        this.#expect(":");
        entries.push({ key, value: this.expression(), optional });
      });
      return { kind: "map", at, entries };
    }
    if (token.text === ".") {
      const name = this.#take();
      if (name.kind === "ident") return this.#word(name.text, name.at);
      throw this.#unexpected("mismatched", PRIMARY, name);
    }
    throw this.#unexpected("mismatched", PRIMARY, token);
  }

  #word(name: string, at: number): Expr {
    if (name === "true" || name === "false") return { kind: "literal", at, value: name === "true" };
    if (name === "null") return { kind: "literal", at, value: null };
    if (name === "in") throw new CelSyntaxError(at, `Syntax error: mismatched input 'in' expecting ${PRIMARY}`);
    if (RESERVED.has(name)) throw new CelSyntaxError(at, `reserved identifier: ${name}`);
    if (!this.#is("(")) return { kind: "ident", at, name };
    const open = this.#take();
    const args = this.#list(")");
    return (
      expandMacro(open.at, name, undefined, args) ?? { kind: "call", at: open.at, fn: name, target: undefined, args }
    );
  }

  #struct(name: string): StructNode {
    const { at } = this.#take();
    const fields: { at: number; name: string; value: Expr; optional: boolean }[] = [];
    this.#until("}", () => {
      const optional = this.#is("?");
      if (optional) this.#take();
      const field = this.#take();
      if (field.kind !== "ident" && field.kind !== "quoted-ident")
        throw this.#unexpected("mismatched", "IDENTIFIER", field);
      const colon = this.#expect(":");
      const text = field.kind === "quoted-ident" ? field.text.slice(1, -1) : field.text;
      fields.push({ at: colon.at, name: text, value: this.expression(), optional });
    });
    return { kind: "struct", at, name, fields };
  }

  #list(close: string): Expr[] {
    const args: Expr[] = [];
    if (this.#is(close)) {
      this.#take();
      return args;
    }
    for (;;) {
      args.push(this.expression());
      if (this.#is(close)) break;
      this.#expect(",");
    }
    this.#take();
    return args;
  }

  /** Items up to `close`, a comma after the last one allowed. */
  #until(close: string, item: () => void): void {
    while (!this.#is(close)) {
      item();
      if (!this.#is(",")) break;
      this.#take();
    }
    this.#expect(close);
  }

  get #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #is(text: string): boolean {
    return this.#peek.kind === "punct" && this.#peek.text === text;
  }

  #take(): Token {
    const token = this.#peek;
    if (token.kind !== "end") this.#next++;
    return token;
  }

  #expect(text: string): Token {
    if (!this.#is(text)) throw this.#unexpected("mismatched", `'${text}'`);
    return this.#take();
  }

  #unexpected(how: "mismatched" | "extraneous", expected: string, token = this.#peek): CelSyntaxError {
    return new CelSyntaxError(token.at, `Syntax error: ${how} input '${token.text}' expecting ${expected}`);
  }
}

const optionalCall = (fn: string, at: number, ...args: Expr[]): Expr => ({
  kind: "call",
  at,
  fn,
  target: undefined,
  args,
});

/** "a.b.C" of a chain of plain names. */
export function structName(node: Expr): string | undefined {
  if (node.kind === "ident") return node.name;
  if (node.kind !== "select" || node.test) return undefined;
  const operand = structName(node.operand);
  return operand === undefined ? undefined : `${operand}.${node.field}`;
}

function literalOf(token: Token, at: number, negative: boolean): LiteralNode {
  if (token.kind === "int") {
    const value = negative ? -token.value : token.value;
    if (value > INT_MAX || value < -INT_MAX - 1n) throw new CelSyntaxError(at, "invalid int literal");
    return { kind: "literal", at, value };
  }
  if (token.kind === "uint") {
    if (token.value > UINT_MAX) throw new CelSyntaxError(at, "invalid uint literal");
    return { kind: "literal", at, value: { uint: token.value } };
  }
  if (token.kind === "double") return { kind: "literal", at, value: negative ? -token.value : token.value };
  if (token.kind === "string" || token.kind === "bytes") return { kind: "literal", at, value: token.value };
  throw new CelSyntaxError(at, "Syntax error: not a literal");
}
