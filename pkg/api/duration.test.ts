import assert from "node:assert/strict";
import { it } from "node:test";
import { ageSince, humanDuration } from "./duration.ts";

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;
const ages: [number, string][] = [
  [-3 * S, "<invalid>"],
  [-1 * S, "0s"],
  [0, "0s"],
  [119 * S, "119s"],
  [2 * M, "2m"],
  [9 * M + 5 * S, "9m5s"],
  [10 * M + 5 * S, "10m"],
  [3 * H, "3h"],
  [7 * H + 30 * M, "7h30m"],
  [47 * H, "47h"],
  [2 * D + 3 * H, "2d3h"],
  [8 * D + 3 * H, "8d"],
  [2 * 365 * D, "2y"],
  [3 * 365 * D + 4 * D, "3y4d"],
  [9 * 365 * D, "9y"],
];
for (const [ms, text] of ages)
  it(`humanDuration shows ${ms} ms as ${text}`, () => assert.equal(humanDuration(ms), text));
it("ageSince shows <unknown> without a time", () => assert.equal(ageSince(undefined, 0), "<unknown>"));
