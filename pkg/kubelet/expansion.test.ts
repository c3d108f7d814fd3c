import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { expand } from "./expansion.ts";

describe("expand", () => {
  const lookup = (name: string): string | undefined => ({ A: "1", B: "$(A)" })[name];
  for (const [text, wanted] of [
    ["$(A)-$(A)", "1-1"],
    ["$$(A)", "$(A)"],
    ["$$$(A)", "$1"],
    ["$$$$(A)", "$$(A)"],
    ["$(NONE)", "$(NONE)"],
    ["$(B)", "$(A)"],
    ["$A ${A} $(A", "$A ${A} $(A"],
    ["$", "$"],
  ] as const) {
    it(`turns ${text} into ${wanted}`, () => assert.equal(expand(text, lookup), wanted));
  }
});
