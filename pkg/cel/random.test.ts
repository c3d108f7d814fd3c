import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CelEnvironment, celTypes, estimateCost, evaluate } from "./index.ts";

const ATOMS =
  "1|2u|1.5|'a'|b'x'|true|null|d|l|d.x|d.l|d.none|x|[1, 2]|{'a': 1}|[]|{}|dyn(1)|dyn([1, 'a'])|optional.none()|optional.of(d)|quantity('1')|ip('::1')|cidr('10.0.0.0/8')|url('/a')|semver('1.2.3')|timestamp('2024-01-01T00:00:00Z')|duration('1h')|int|9223372036854775807".split(
    "|",
  );
const CALLS =
  "size int string double bytes duration timestamp dyn type quantity url ip sets.contains has matches".split(" ");
const MEMBERS =
  "size contains split join replace substring charAt indexOf format sum min max isSorted find findAll getHours value orValue or add compareTo family masked containsIP matches getQuery validate".split(
    " ",
  );
const MACROS = "all exists exists_one map filter transformList transformMap optMap optFlatMap".split(" ");
const OPERATORS = "+ - * / % == != < >= && || in".split(" ");

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function expressionOf(random: () => number, depth: number): string {
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] as string;
  if (depth === 0) return pick(ATOMS);
  const next = (): string => expressionOf(random, depth - 1);
  const args = (): string => Array.from({ length: Math.floor(random() * 3) }, next).join(", ");
  const forms = [
    () => `${next()} ${pick(OPERATORS)} ${next()}`,
    () => `${pick(CALLS)}(${args()})`,
    () => `${next()}.${pick(MEMBERS)}(${args()})`,
    () => `${next()}.${pick(MACROS)}(x, ${random() < 0.3 ? "y, " : ""}${next()})`,
    () => `${next()}[${random() < 0.3 ? "?" : ""}${next()}]`,
    () => `[${next()}, ${next()}]`,
    () => `{${next()}: ${next()}}`,
    () => `(${next()} ? ${next()} : ${next()})`,
    () => `${next()}.${random() < 0.3 ? "?" : ""}${pick(["a", "x", "none"])}`,
  ];
  return (forms[Math.floor(random() * forms.length)] as () => string)();
}

describe("evaluate", () => {
  it("evaluate and its like answer, and throw nothing, when expressions are random", () => {
    const types = { d: celTypes.dyn, x: celTypes.dyn, l: celTypes.list(celTypes.dyn) };
    const environment = new CelEnvironment({ variables: types });
    const bindings = {
      d: { x: 1, l: [1, "a", null, { a: 1 }], a: "é😀", none: null },
      x: "a",
      l: [1, [2], { a: "b" }],
    };
    const random = generator(1);
    let evaluated = 0;
    for (let i = 0; i < 3000; i++) {
      const expression = expressionOf(random, 1 + Math.floor(random() * 3));
      try {
        const compiled = environment.compile(expression);
        if (compiled.error !== undefined) continue;
        assert.ok(estimateCost(compiled) >= 0);
        const result = evaluate(compiled, bindings);
        assert.ok(result.error !== undefined || result.value !== undefined);
        evaluated++;
      } catch (err) {
        throw new Error(expression, { cause: err });
      }
    }
    assert.ok(evaluated > 250, String(evaluated));
  });
});
