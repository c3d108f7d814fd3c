import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Expectations } from "./expectations.ts";

describe("Expectations", () => {
  it("is satisfied when everything awaited has been seen", () => {
    const expectations = new Expectations();
    assert.ok(expectations.satisfied("rs"));
    expectations.expectCreations("rs", 2);
    expectations.creationObserved("rs");
    assert.ok(!expectations.satisfied("rs"));
    expectations.creationObserved("rs");
    assert.ok(expectations.satisfied("rs"));
    expectations.expectDeletions("rs", ["ns/a"]);
    expectations.deletionObserved("rs", "ns/other");
    assert.ok(!expectations.satisfied("rs"));
    expectations.deletionObserved("rs", "ns/a");
    assert.ok(expectations.satisfied("rs"));
  });

  it("gives up waiting after five minutes", () => {
    let now = 0;
    const expectations = new Expectations({ now: () => now });
    expectations.expectCreations("rs", 1);
    now = 5 * 60_000 + 1;
    assert.ok(expectations.satisfied("rs"));
  });
});
