import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { humanAge, humanDuration } from "./duration.ts";

describe("humanDuration", () => {
  const s = 1000;
  const m = 60 * s;
  const h = 60 * m;
  const d = 24 * h;
  const y = 365 * d;
  for (const [ms, text] of [
    [-2 * s, "<invalid>"],
    [-1 * s, "0s"],
    [-100, "0s"],
    [0, "0s"],
    [1999, "1s"],
    [119 * s, "119s"],
    [2 * m, "2m"],
    [2 * m + 30 * s, "2m30s"],
    [10 * m + 30 * s, "10m"],
    [179 * m, "179m"],
    [3 * h, "3h"],
    [3 * h + 7 * m, "3h7m"],
    [8 * h + 59 * m, "8h"],
    [47 * h, "47h"],
    [2 * d, "2d"],
    [2 * d + 5 * h, "2d5h"],
    [8 * d + 5 * h, "8d"],
    [729 * d, "729d"],
    [2 * y, "2y"],
    [2 * y + 3 * d, "2y3d"],
    [9 * y + 3 * d, "9y"],
  ] as const) {
    it(`shows ${ms} ms as ${text}`, () => assert.equal(humanDuration(ms), text));
  }
});

describe("humanAge", () => {
  it("is <unknown> without a timestamp", () => {
    assert.equal(humanAge(undefined, 0), "<unknown>");
    assert.equal(humanAge("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:01:00Z")), "60s");
  });
});
