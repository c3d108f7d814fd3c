import assert from "node:assert/strict";
import { test } from "node:test";
import { bounded } from "./metric-text.ts";

test("bounded makes room by the oldest series when there are as many as may be", () => {
  const series = new Map<string, number>();
  for (const name of ["a", "b", "c"]) bounded(series, 2).set(name, 1);
  assert.deepEqual([...series.keys()], ["b", "c"]);
});
