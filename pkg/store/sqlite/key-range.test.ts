import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compareKeys, keyRange } from "./key-range.ts";

describe("keyRange", () => {
  it("ends before the first key in byte order that has not the prefix", () => {
    assert.deepEqual(keyRange("/a/"), { lower: "/a/", upper: "/a0" });
    assert.deepEqual(keyRange("a\u{10FFFF}"), { lower: "a\u{10FFFF}", upper: "b" });
    assert.deepEqual(keyRange("\uD7FF"), { lower: "\uD7FF", upper: "\uE000" });
    assert.deepEqual(keyRange("").upper, new Uint8Array(0));
  });

  it("begins behind the key given, but never before the prefix", () => {
    assert.equal(keyRange("/b/", "/b/x").lower, "/b/x\0");
    assert.equal(keyRange("/b/", "/a").lower, "/b/");
  });
});

describe("compareKeys", () => {
  it("orders by bytes, where a surrogate pair sorts after U+FFFD", () => {
    assert.ok(compareKeys("\uFFFD", "\u{1F600}") < 0);
  });
});
