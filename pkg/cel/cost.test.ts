import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CelEnvironment, celTypes, evaluate, toJson } from "./index.ts";

const environment = new CelEnvironment({ variables: { d: celTypes.dyn, l: celTypes.list(celTypes.int) } });
const BINDINGS = {
  d: { a: Array.from({ length: 5000 }, (_, i) => ({ name: `n${i}`, tags: ["x", "y"] })), s: "x".repeat(300_000) },
  l: Array.from({ length: 5000 }, (_, i) => i),
};
/** Each level knows the one before: `f(a0)` is `a1`, `f(a1)` is `a2`, … */
function nested(levels: number, step: (before: string) => string, body: string): string {
  let expression = body.replaceAll("LAST", `a${levels}`);
  for (let i = levels; i > 0; i--)
    expression = `optional.of(${step(`a${i - 1}`)}).optMap(a${i}, ${expression}).value()`;
  return `optional.of('x').optMap(a0, ${expression}).value()`;
}

describe("evaluate", () => {
  for (const [what, expression] of Object.entries({
    "loops are nested": "l.all(a, l.all(b, a + b >= 0))",
    "errors are absorbed in loops": "l.all(a, l.all(b, d.none == b || true))",
    "objects are compared in loops": "l.all(a, d == d)",
    "items are looked for in loops": "d.a.all(x, x in d.a)",
    "patterns come from data": "l.all(a, 'a'.matches('x{1,1000}y' + string(a)) || true)",
    "patterns run over long texts": "l.all(a, d.s.matches('(x+x+)+y') || true)",
    "clocks of zones are asked": "l.map(a, l.map(b, timestamp(b).getHours('Asia/Tokyo'))).size() > 0",
    "texts are joined": "l.map(a, d.s + d.s).size() > 0",
    "objects are formatted": "l.map(a, '%s'.format([d])).size() > 0",
    "a value holds itself many times": nested(40, (a) => `[${a}, ${a}]`, "[LAST] == [LAST]"),
    "such a value is formatted": nested(40, (a) => `[${a}, ${a}]`, "'%s'.format([LAST]) == ''"),
    "a text grows twofold": nested(40, (a) => `${a} + ${a}`, "LAST == ''"),
  }))
    it(`evaluate ends soon when ${what}`, () => {
      const compiled = environment.compile(expression);
      assert.equal(compiled.error, undefined);
      if (compiled.error !== undefined) return;
      const result = evaluate(compiled, BINDINGS, { costLimit: 200_000 });
      assert.equal(result.error, "operation cancelled: actual cost limit exceeded");
    });

  it("evaluate charges a pattern that it has compiled for the search alone", () => {
    const costs = (pattern: string): number[] => {
      const compiled = environment.compile(`l.all(a, 'ab'.matches(${pattern}))`);
      assert.equal(compiled.error, undefined);
      if (compiled.error !== undefined) return [];
      return [1, 2, 3].map((count) => evaluate(compiled, { l: BINDINGS.l.slice(0, count), d: "a+b" }).cost);
    };
    const [first = 0, second = 0, third = 0] = costs("d");
    // The first evaluation alone had to compile it.
    assert.equal(second - first, third - second - 33);
    const [literal = 0, more = 0, most = 0] = costs("'a+b'");
    assert.equal(more - literal, most - more);
  });
});

describe("toJson", () => {
  it("toJson refuses a value when it holds itself many times", () => {
    const compiled = environment.compile(nested(40, (a) => `[${a}, ${a}]`, "LAST"));
    assert.ok(compiled.error === undefined);
    const result = evaluate(compiled, {});
    assert.ok(result.error === undefined);
    assert.throws(() => toJson(result.value), /too large/);
  });

  it("toJson keeps keys of Object's own names when an expression makes them", () => {
    const compiled = environment.compile("{'__proto__': {'x': 1}, 'constructor': {'x': 2}}");
    assert.ok(compiled.error === undefined);
    const result = evaluate(compiled, {});
    assert.ok(result.error === undefined);
    const json = toJson(result.value) as Record<string, unknown>;
    assert.deepEqual(Object.keys(json), ["__proto__", "constructor"]);
    assert.equal(Object.getPrototypeOf(json), Object.prototype);
  });
});
