import assert from "node:assert/strict";
import { it } from "node:test";
import { copyJson } from "./copy-json.ts";

it("copyJson copies everything and shares nothing", () => {
  const value = { a: [1, { b: null }], c: { d: "x", e: false } };
  const copy = copyJson(value);
  assert.deepEqual(copy, value);
  assert.notEqual(copy.a, value.a);
  assert.notEqual(copy.a[1], value.a[1]);
  assert.notEqual(copy.c, value.c);
  const odd = JSON.parse('{"__proto__":{"x":1}}') as object;
  assert.deepEqual(Object.keys(copyJson(odd)), ["__proto__"]);
  assert.equal((copyJson(odd) as { x?: number }).x, undefined);
});
