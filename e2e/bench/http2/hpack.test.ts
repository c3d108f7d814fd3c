import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeHeaders, readStatus } from "./hpack.ts";

const read = (hex: string): number => {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  return readStatus(bytes, 0, bytes.length);
};

describe("readStatus", () => {
  it("reads what the static table holds", () => {
    assert.deepEqual(["88", "89", "8a", "8b", "8c", "8d", "8e"].map(read), [200, 204, 206, 304, 400, 404, 500]);
  });

  it("reads literals of every kind, plain and Huffman-coded", () => {
    assert.equal(read("08 03 343039"), 409);
    assert.equal(read("18 03 343232"), 422);
    assert.equal(read("48 03 353033"), 503);
    // RFC 7541, C.6.1 and C.6.2.
    assert.equal(read("48 82 6402"), 302);
    assert.equal(read("48 83 640eff"), 307);
    assert.equal(read("0e 82 1003"), 201);
  });

  it("goes over updates of the table's size", () => {
    assert.equal(read("20 88"), 200);
    assert.equal(read("3f e1 1f 20 8d"), 404);
  });

  it("refuses a block that begins with anything else", () => {
    for (const hex of ["87", "be", "00 07 3a737461747573 03 323030", "08 04 32303030", "08 03 3230", "48 82 ffff", ""])
      assert.throws(() => read(hex), { code: "PROTOCOL_ERROR" }, hex);
  });
});

describe("encodeHeaders", () => {
  it("makes literals that are not indexed", () => {
    const block = encodeHeaders({ ":method": "GET", ":path": "/", accept: "a/b", "x-y": "z" });
    assert.equal(block.toString("hex"), "02034745540401" + "2f" + "0f04" + "03612f62" + "0003782d79" + "017a");
  });

  it("writes long values", () => {
    const block = encodeHeaders({ ":path": "x".repeat(300) });
    assert.equal(block.subarray(0, 4).toString("hex"), "047fad01");
    assert.equal(block.length, 304);
  });

  it("throws when the block fits no frame", () => {
    assert.throws(() => encodeHeaders({ ":path": "x".repeat(17_000) }), /do not fit one frame/);
  });
});
