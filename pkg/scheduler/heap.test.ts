import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Heap } from "./heap.ts";

describe("Heap", () => {
  it("gives items in order whatever was added, replaced and removed", () => {
    const heap = new Heap<{ key: string; at: number }>(
      ({ key }) => key,
      (a, b) => a.at < b.at,
    );
    const at = (i: number): number => (i * 7919) % 101;
    for (let i = 0; i < 100; i++) heap.push({ key: `k${i}`, at: 1000 });
    for (let i = 0; i < 100; i++) heap.push({ key: `k${i}`, at: at(i) });
    for (let i = 0; i < 100; i += 3) assert.equal(heap.remove(`k${i}`)?.at, at(i));
    const got: number[] = [];
    for (let item = heap.pop(); item !== undefined; item = heap.pop()) got.push(item.at);
    assert.equal(got.length, 66);
    assert.deepEqual(
      got,
      [...got].sort((a, b) => a - b),
    );
  });
});
