import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CallTable } from "./call-table.ts";

describe("CallTable", () => {
  it("gives every call an id of its own while long and short calls come and go", () => {
    const table = new CallTable<string>();
    const mirror = new CallTable<string>();
    const open = new Map<number, string>();
    const seen = new Set<number>();
    for (let i = 0; i < 5_000; i++) {
      const id = table.add(`call ${i}`);
      mirror.set(id, `call ${i}`);
      assert.equal(seen.has(id), false);
      seen.add(id);
      open.set(id, `call ${i}`);
      // One in seven stays.
      for (const each of [...open.keys()].slice(-2)) {
        if (each % 7 === 0 || open.size < 300) continue;
        open.delete(each);
        table.delete(each);
        mirror.delete(each);
      }
    }
    for (const id of seen) {
      assert.equal(table.get(id), open.get(id));
      assert.equal(mirror.get(id), open.get(id));
    }
    const byNumber = (a: number, b: number): number => a - b;
    assert.deepEqual(table.ids().toSorted(byNumber), [...open.keys()].toSorted(byNumber));
    assert.deepEqual(mirror.ids().toSorted(byNumber), [...open.keys()].toSorted(byNumber));
  });

  it("leaves a call alone when one that had its place before is ended again", () => {
    const table = new CallTable<string>();
    const first = table.add("first");
    table.delete(first);
    let last = first;
    while (last % 256 !== first % 256 || last === first) {
      table.delete(last);
      last = table.add("later");
    }
    table.delete(first);
    assert.deepEqual([table.get(first), table.get(last)], [undefined, "later"]);
  });
});
