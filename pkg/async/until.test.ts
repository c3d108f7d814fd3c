import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "./until.ts";

describe("until", () => {
  it("resolves to the first value that is neither undefined nor false", async () => {
    let calls = 0;
    assert.equal(await until(() => (++calls < 3 ? undefined : calls), { timeoutMs: 1000, intervalMs: 1 }), 3);
  });

  it("names what it waited for, and the last error, when the deadline passes", async () => {
    const probe = (): never => {
      throw new Error("refused");
    };
    await assert.rejects(
      until(probe, { timeoutMs: 5, intervalMs: 1, what: "node Ready" }),
      /waiting for node Ready: refused/,
    );
  });

  it("rejects when the signal aborts", async () => {
    await assert.rejects(
      until(() => false, { timeoutMs: 1000, signal: AbortSignal.abort() }),
      { name: "AbortError" },
    );
  });
});
