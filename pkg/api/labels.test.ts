import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatLabelSelector, formatLabels, parseSelector, SelectorSyntaxError, selectorOf } from "./labels.ts";

describe("parseSelector", () => {
  const matching: [string, Record<string, string>, boolean][] = [
    ["", { a: "b" }, true],
    ["a=b", { a: "b" }, true],
    ["a==b", { a: "c" }, false],
    ["a!=b", {}, true],
    ["a!=b", { a: "b" }, false],
    ["a", { a: "" }, true],
    ["!a", { a: "" }, false],
    ["a in (b, c)", { a: "c" }, true],
    ["a notin (b,c)", { a: "c" }, false],
    ["a notin (b,c)", {}, true],
    ["a in (,b)", { a: "" }, true],
    ["in=x", { in: "x" }, true],
    ["a=", { a: "" }, true],
    ["a>5,a<10", { a: "7" }, true],
    ["a>5", { a: "5" }, false],
    ["example.com/x=y,b", { "example.com/x": "y", b: "1" }, true],
    ["a>5", { a: "99999999999999999999" }, false],
    ["a>5", { a: "+7" }, true],
    ["__proto__=x", {}, false],
    ["constructor", {}, false],
  ];
  for (const [text, labels, expected] of matching) {
    it(`${JSON.stringify(text)} ${expected ? "matches" : "does not match"} ${JSON.stringify(labels)}`, () => {
      if (text.startsWith("__")) assert.throws(() => parseSelector(text), SelectorSyntaxError);
      else assert.equal(parseSelector(text).matches(labels), expected);
    });
  }
  it("prints requirements in key order", () => {
    assert.equal(parseSelector("z=1,b in (d,c),!a").toString(), "!a,b in (c,d),z=1");
  });
  for (const text of ["a b", ",", "a in b", "a in ()", "a in (b", "!", "a=b,", "a>x", "=b", "a=b c", "a=(b)"]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseSelector(text), SelectorSyntaxError));
  }
  it("words errors as upstream", () => {
    assert.throws(() => parseSelector("a b"), {
      message: "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
    });
    assert.throws(() => parseSelector("a=b,"), { message: "found '', expected: identifier after ','" });
  });
});

describe("selectorOf", () => {
  it("joins matchLabels and matchExpressions", () => {
    const s = selectorOf({
      matchLabels: { app: "x" },
      matchExpressions: [{ key: "tier", operator: "NotIn", values: ["db"] }],
    });
    assert.equal(s.matches({ app: "x" }), true);
    assert.equal(s.matches({ app: "x", tier: "db" }), false);
    assert.equal(s.toString(), "app=x,tier notin (db)");
  });
  it("matches nothing when an operator is none", () => {
    const matchExpressions = [{ key: "a", operator: "Between", values: ["x"] }];
    assert.equal(selectorOf({ matchExpressions }).matches({ a: "7" }), false);
    assert.equal(
      selectorOf({ matchExpressions: [{ key: "a", operator: "Gt", values: ["x"] }] }).matches({ a: "7" }),
      false,
    );
  });
  it("matches nothing when absent and everything when empty", () => {
    assert.equal(selectorOf(undefined).matches({}), false);
    assert.equal(selectorOf({}).matches({}), true);
    assert.equal(formatLabelSelector({}), "<none>");
    assert.equal(formatLabels({ b: "1", a: "2" }), "a=2,b=1");
  });
});
