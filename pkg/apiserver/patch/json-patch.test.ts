import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "#pkg/errors/index.ts";
import { applyJsonPatch } from "./json-patch.ts";

const TARGET = Object.freeze({ a: Object.freeze({ b: "1" }), list: Object.freeze([1, 2, 3]), n: null });
const codeOf = (patch: unknown): number => {
  try {
    applyJsonPatch(TARGET, patch);
    return 200;
  } catch (err) {
    assert.ok(err instanceof ApiError);
    return err.code;
  }
};

describe("applyJsonPatch", () => {
  it("does all operations and leaves the old value alone", () => {
    const patched = applyJsonPatch(TARGET, [
      { op: "test", path: "/a/b", value: "1" },
      { op: "add", path: "/a/c~1d", value: 2 },
      { op: "replace", path: "/list/1", value: 9 },
      { op: "add", path: "/list/-", value: 4 },
      { op: "add", path: "/list/0", value: 0 },
      { op: "remove", path: "/list/-1" },
      { op: "copy", from: "/a", path: "/copy" },
      { op: "add", path: "/copy/e", value: true },
      { op: "move", from: "/a/b", path: "/moved" },
      { op: "remove", path: "/n" },
      { op: "test", path: "/none", value: null },
    ]);
    assert.deepEqual(patched, {
      a: { "c/d": 2 },
      list: [0, 1, 9, 3],
      copy: { b: "1", "c/d": 2, e: true },
      moved: "1",
    });
    assert.deepEqual(TARGET, { a: { b: "1" }, list: [1, 2, 3], n: null });
  });

  it("refuses what does not apply with 422 and what is no patch with 400", () => {
    for (const operation of [
      { op: "test", path: "/a/b", value: "2" },
      { op: "remove", path: "/none" },
      { op: "replace", path: "/none", value: 1 },
      { op: "add", path: "/none/a", value: 1 },
      { op: "add", path: "/list/7", value: 1 },
      { op: "add", path: "/a/b" },
      { op: "add", path: "a", value: 1 },
      { op: "move", from: "/a", path: "/a/b" },
      { op: "copy", from: "/none", path: "/x" },
      { op: "other", path: "/a" },
      { path: "/a" },
      { op: "add", path: "/constructor/prototype/x", value: 1 },
      { op: "add", path: "/__proto__/x", value: 1 },
    ])
      assert.equal(codeOf([operation]), 422, JSON.stringify(operation));
    for (const patch of [{}, "x", 1, [1]]) assert.equal(codeOf(patch), 400, JSON.stringify(patch));
    assert.equal(({} as { x?: number }).x, undefined);
  });

  it("bounds the number of operations, what copies add and what lists move", () => {
    const test = { op: "test", path: "/a/b", value: "1" };
    assert.equal(codeOf(Array.from({ length: 10_001 }, () => test)), 413);
    const copies = Array.from({ length: 40 }, (_, i) => ({ op: "copy", from: "", path: `/a/x${i}` }));
    assert.equal(codeOf(copies), 422);
    const long = { op: "add", path: "/a/list", value: Array.from({ length: 100_000 }, () => 1) };
    const inserts = Array.from({ length: 1_000 }, () => ({ op: "add", path: "/a/list/0", value: 1 }));
    assert.equal(codeOf([long, ...inserts]), 413);
    const appends = Array.from({ length: 1_000 }, () => ({ op: "add", path: "/a/list/-", value: 1 }));
    assert.equal(codeOf([long, ...appends]), 200);
  });
});
