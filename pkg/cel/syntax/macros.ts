import { CelSyntaxError } from "../source-error.ts";
import type { Expr, FoldNode } from "./ast.ts";

// Names that no expression can write, since they are no identifiers.
const ACCUMULATOR = "@result";
const UNUSED = "#unused";

type Expand = (at: number, target: Expr, args: readonly Expr[]) => Expr;

const literal = (at: number, value: boolean | bigint): Expr => ({ kind: "literal", at, value });
const ident = (at: number, name: string): Expr => ({ kind: "ident", at, name });
const call = (at: number, fn: string, ...args: Expr[]): Expr => ({ kind: "call", at, fn, target: undefined, args });
const member = (at: number, target: Expr, fn: string): Expr => ({ kind: "call", at, fn, target, args: [] });
const listOf = (at: number, ...values: Expr[]): Expr => ({
  kind: "list",
  at,
  elements: values.map((value) => ({ value, optional: false })),
});
const accumulated = (at: number): Expr => ident(at, ACCUMULATOR);

function variableName(arg: Expr | undefined): string {
  if (arg?.kind === "ident" && arg.name !== ACCUMULATOR) return arg.name;
  throw new CelSyntaxError(arg?.at ?? 0, "argument must be a simple name");
}

interface FoldParts {
  readonly init: Expr;
  readonly condition?: Expr;
  readonly step: Expr;
  readonly result?: Expr;
}
function fold(at: number, range: Expr, variables: readonly Expr[], parts: FoldParts): FoldNode {
  const [variable, variable2] = variables.map(variableName);
  if (variable === variable2) throw new CelSyntaxError(at, `duplicate variable name: ${variable}`);
  return {
    kind: "fold",
    at,
    range,
    variable: variable as string,
    variable2,
    accumulator: ACCUMULATOR,
    init: parts.init,
    condition: parts.condition ?? literal(at, true),
    step: parts.step,
    result: parts.result ?? accumulated(at),
  };
}

/** `all` and `exists` with one or two variables. */
const quantifier =
  (all: boolean): Expand =>
  (at, target, args) => {
    const going = all ? accumulated(at) : call(at, "!_", accumulated(at));
    return fold(at, target, args.slice(0, -1), {
      init: literal(at, all),
      condition: call(at, "@not_strictly_false", going),
      step: call(at, all ? "_&&_" : "_||_", accumulated(at), args.at(-1) as Expr),
    });
  };

const existsOne: Expand = (at, target, args) =>
  fold(at, target, args.slice(0, -1), {
    init: literal(at, 0n),
    step: call(at, "_?_:_", args.at(-1) as Expr, call(at, "_+_", accumulated(at), literal(at, 1n)), accumulated(at)),
    result: call(at, "_==_", accumulated(at), literal(at, 1n)),
  });

/** Collects into a list; between the `variables` and the transform there may be a filter. */
const collect =
  (variables: number): Expand =>
  (at, target, args) => {
    const add = call(at, "_+_", accumulated(at), listOf(at, args.at(-1) as Expr));
    const filter = args.length > variables + 1 ? args[variables] : undefined;
    return fold(at, target, args.slice(0, variables), {
      init: listOf(at),
      step: filter === undefined ? add : call(at, "_?_:_", filter, add, accumulated(at)),
    });
  };

const filter: Expand = (at, target, args) => {
  const add = call(at, "_+_", accumulated(at), listOf(at, args[0] as Expr));
  return fold(at, target, args.slice(0, 1), {
    init: listOf(at),
    step: call(at, "_?_:_", args[1] as Expr, add, accumulated(at)),
  });
};

/** Collects into a map: `key: f` under the first variable, or the entries of a one-entry map. */
const collectMap =
  (entry: boolean): Expand =>
  (at, target, args) => {
    const value = args.at(-1) as Expr;
    const inserted = entry ? [value] : [args[0] as Expr, value];
    const add = call(at, "cel.@mapInsert", accumulated(at), ...inserted);
    return fold(at, target, args.slice(0, 2), {
      init: { kind: "map", at, entries: [] },
      step: args.length === 4 ? call(at, "_?_:_", args[2] as Expr, add, accumulated(at)) : add,
    });
  };

/** `let name = value in body`: a fold over nothing. */
function bind(at: number, name: string, value: Expr, body: Expr): FoldNode {
  return {
    kind: "fold",
    at,
    range: listOf(at),
    variable: UNUSED,
    variable2: undefined,
    accumulator: name,
    init: value,
    condition: literal(at, false),
    step: ident(at, name),
    result: body,
  };
}

const TARGET = "@target";
const optionalMap =
  (flat: boolean): Expand =>
  (at, target, args) => {
    const held = (): Expr => ident(at, TARGET);
    const mapped = bind(at, variableName(args[0]), member(at, held(), "value"), args[1] as Expr);
    const present = flat ? mapped : call(at, "optional.of", mapped);
    const none = call(at, "optional.none");
    return bind(at, TARGET, target, call(at, "_?_:_", member(at, held(), "hasValue"), present, none));
  };

/** Macros on a receiver, by name and number of arguments. */
const MEMBER_MACROS: ReadonlyMap<string, Expand> = new Map<string, Expand>([
  ["all/2", quantifier(true)],
  ["all/3", quantifier(true)],
  ["exists/2", quantifier(false)],
  ["exists/3", quantifier(false)],
  ["exists_one/2", existsOne],
  ["existsOne/2", existsOne],
  ["existsOne/3", existsOne],
  ["map/2", collect(1)],
  ["map/3", collect(1)],
  ["filter/2", filter],
  ["transformList/3", collect(2)],
  ["transformList/4", collect(2)],
  ["transformMap/3", collectMap(false)],
  ["transformMap/4", collectMap(false)],
  ["transformMapEntry/3", collectMap(true)],
  ["transformMapEntry/4", collectMap(true)],
  ["optMap/2", optionalMap(false)],
  ["optFlatMap/2", optionalMap(true)],
]);

/** What a call means when it is a macro; `cel.bind` is one with `bindings`. @throws CelSyntaxError for unfit arguments */
export function expandMacro(
  at: number,
  fn: string,
  target: Expr | undefined,
  args: readonly Expr[],
  bindings = false,
): Expr | undefined {
  if (target === undefined) {
    const [arg] = args;
    if (fn !== "has" || args.length !== 1 || arg === undefined) return undefined;
    if (arg.kind === "select" && !arg.test) return { ...arg, at, test: true };
    throw new CelSyntaxError(arg.at, "invalid argument to has() macro");
  }
  if (bindings && fn === "bind" && args.length === 3 && target.kind === "ident" && target.name === "cel")
    return bind(at, variableName(args[0]), args[1] as Expr, args[2] as Expr);
  return MEMBER_MACROS.get(`${fn}/${args.length}`)?.(at, target, args);
}
