import assert from "node:assert/strict";
import { it } from "node:test";
import { semanticEqual } from "./equal.ts";

const same: [unknown, unknown][] = [
  [undefined, {}],
  [[], undefined],
  [{ a: {}, c: [] }, { b: {} }],
  [
    { a: 1, b: [{ c: "d" }] },
    { b: [{ c: "d", e: {} }], a: 1 },
  ],
];
const different: [unknown, unknown][] = [
  [{ a: "" }, {}],
  [{ a: 1 }, { a: 2 }],
  [
    [1, 2],
    [2, 1],
  ],
  [{ a: [] }, { a: [1] }],
  ["", undefined],
  [{ a: false }, {}],
  [{ a: {} }, { a: "x" }],
  [[], "x"],
];
it("semanticEqual takes what is left out for what is empty", () => {
  for (const [a, b] of same) {
    assert.equal(semanticEqual(a, b), true, JSON.stringify([a, b]));
    assert.equal(semanticEqual(b, a), true, JSON.stringify([b, a]));
  }
});
it("semanticEqual tells values apart", () => {
  for (const [a, b] of different) {
    assert.equal(semanticEqual(a, b), false, JSON.stringify([a, b]));
    assert.equal(semanticEqual(b, a), false, JSON.stringify([b, a]));
  }
});
