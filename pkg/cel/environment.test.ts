import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CelEnvironment, celTypes, evaluate, schemaType, typeName } from "./index.ts";

const self = schemaType({
  type: "object",
  properties: { a: { type: "integer" }, b: { type: "string" }, "c-d": { type: "array", items: { type: "string" } } },
});
const environment = new CelEnvironment({ variables: { self: self ?? celTypes.dyn, object: celTypes.dyn } });
const errorOf = (expression: string, returns = celTypes.bool): string =>
  environment.compile(expression, { returns }).error ?? "none";

describe("CelEnvironment", () => {
  it("compile points at what is wrong when a name is not declared", () => {
    assert.equal(
      errorOf("true && foo.bar"),
      "compilation failed: ERROR: <input>:1:9: undeclared reference to 'foo' (in container '')\n | true && foo.bar\n | ........^",
    );
  });

  it("compile says what is wrong when types do not agree", () => {
    const cases: Record<string, string> = {
      "self.x": "undefined field 'x'",
      "self.a + self.b": "found no matching overload for '_+_' applied to '(int, string)'",
      "self.a == self.b": "found no matching overload for '_==_' applied to '(int, string)'",
      "self.b.foo()": "undeclared reference to 'foo' (in container '')",
      "self.b.startsWith(1)": "found no matching overload for 'startsWith' applied to 'string.(int)'",
      "self.a.all(x, true)":
        "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
      "[1, 'a'].size() > 0": "expected type 'int' but found 'string'",
      "self.a.b": "type 'int' does not support field selection",
      "self.b.matches('(')": "invalid matches argument",
      "duration('x') > duration('1s')": "invalid duration argument",
      "object.spec >": "Syntax error: mismatched input '<EOF>' expecting",
      "self.a > 1 2": "Syntax error: extraneous input '2' expecting <EOF>",
      "has(self)": "invalid argument to has() macro",
      "[1].all(a.b, true)": "argument must be a simple name",
      for: "reserved identifier: for",
      "self.a = 1": "Syntax error: token recognition error at: '='",
    };
    for (const [expression, expected] of Object.entries(cases))
      assert.ok(errorOf(expression).includes(expected), `${expression}: ${errorOf(expression)}`);
  });

  it("compile reports every finding when there are several", () => {
    assert.deepEqual(errorOf("foo || bar").match(/undeclared reference to '\w+'/g), [
      "undeclared reference to 'foo'",
      "undeclared reference to 'bar'",
    ]);
  });

  it("compile refuses when the result has another type", () => {
    assert.equal(errorOf("self.a"), "must evaluate to bool but got int");
    assert.equal(errorOf("object.a"), "must evaluate to bool but got dyn");
    assert.equal(errorOf("object.a == 1"), "none");
    assert.equal(errorOf("self.b", celTypes.string), "none");
  });

  it("compile finds types when macros and optionals are nested", () => {
    const typeOf = (expression: string): string => {
      const compiled = environment.compile(expression);
      return compiled.error ?? typeName(compiled.type);
    };
    assert.equal(typeOf("self.c__dash__d.map(x, x.size())"), "list(int)");
    assert.equal(typeOf("self.c__dash__d[?0].optMap(x, x + 'a').orValue('')"), "string");
    assert.equal(typeOf("{'a': [1]}"), "map(string, list(int))");
    assert.equal(typeOf("self.?b"), "optional_type(string)");
    assert.equal(typeOf("has(self.b) ? self.b : ''"), "string");
    assert.equal(typeOf("[] + [1]"), "list(int)");
    assert.equal(typeOf("object.x.y[0]"), "dyn");
  });

  it("compile binds names when the environment has that", () => {
    const expression = "cel.bind(n, self.a + 1, n * n == 9)";
    assert.match(errorOf(expression), /undeclared reference to 'bind'|undeclared reference to 'cel'/);
    const compiled = new CelEnvironment({ variables: { self: self ?? celTypes.dyn }, bindings: true }).compile(
      expression,
    );
    assert.equal(compiled.error, undefined);
    if (compiled.error !== undefined) return;
    const resultFor = (a: number): unknown => evaluate(compiled, { self: { a } });
    assert.deepEqual(
      [2, 3].map((a) => (resultFor(a) as { value: unknown }).value),
      [true, false],
    );
  });

  it("compile refuses when an expression is nested or long beyond reason", () => {
    assert.ok(errorOf(`${"(".repeat(300)}true${")".repeat(300)}`).includes("expression recursion limit exceeded: 250"));
    assert.ok(errorOf(`1${" + 1".repeat(5000)} > 0`).includes("expression recursion limit exceeded"));
    assert.equal(errorOf(`true${" && true".repeat(5000)}`), "none");
    assert.ok(errorOf("a".repeat(100_001)).includes("expression code point size exceeds limit"));
  });
});
