import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countMembers, findDuplicates, mayHoldDuplicates } from "./duplicate-fields.ts";

const mayHold = (text: string): boolean => mayHoldDuplicates(text, countMembers(JSON.parse(text)));

describe("mayHoldDuplicates", () => {
  it("is false when the only other quotes before colons are those of texts within texts", () => {
    const inner = JSON.stringify({ a: 1, b: { 'say "hi":': "x" } });
    const outer = JSON.stringify({ data: { file: inner, twice: JSON.stringify(inner) }, "\\": 1, 'q\\"': 2 });
    assert.equal(mayHold(outer), false);
    assert.deepEqual(findDuplicates(outer), []);
  });

  it("is true when a member is there twice, whatever its name ends with", () => {
    for (const name of ["a", "a\\\\", 'a\\"', "\\u0022"]) {
      const text = `{"x":{"${name}":1,"${name}":2}}`;
      assert.equal(mayHold(text), true, text);
      assert.equal(findDuplicates(text).length, 1);
    }
    assert.equal(mayHold('{"a":1,"a" :2}'), true);
  });
});
