import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Backoff } from "./backoff.ts";

describe("Backoff", () => {
  it("waits nothing at first, then doubles up to the longest", () => {
    const backoff = new Backoff(10, 30);
    assert.equal(backoff.remainingMs("k", 0, 0), 0);
    for (const wait of [10, 20, 30, 30]) {
      backoff.next("k", 0);
      assert.equal(backoff.remainingMs("k", 0, 0), wait);
    }
    assert.equal(backoff.remainingMs("k", 0, 25), 5);
  });

  it("forgets a key that was quiet for twice the longest wait", () => {
    const backoff = new Backoff(10, 30);
    backoff.next("k", 0);
    assert.equal(backoff.remainingMs("k", 61, 61), 0);
  });
});
