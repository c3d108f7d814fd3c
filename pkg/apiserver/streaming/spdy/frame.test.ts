import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { constants, inflateSync } from "node:zlib";
import { dataFrame, FrameReader, pingFrame, resetFrame, synStreamFrame } from "./frame.ts";

describe("FrameReader", () => {
  it("cuts frames out of any chunks", () => {
    const bytes = Buffer.concat([
      dataFrame(1, Buffer.from("hello")),
      dataFrame(3, Buffer.alloc(0), true),
      pingFrame(2),
      resetFrame(5, 1),
    ]);
    const reader = new FrameReader();
    const frames = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])));
    assert.deepEqual(frames, [
      { kind: "data", streamId: 1, fin: false, payload: Buffer.from("hello") },
      { kind: "data", streamId: 3, fin: true, payload: Buffer.alloc(0) },
      { kind: "ping", id: 2 },
      { kind: "reset", streamId: 5, status: 1 },
    ]);
    assert.deepEqual(new FrameReader().push(bytes), frames);
  });
});

describe("synStreamFrame", () => {
  it("writes header blocks that any zlib reader takes as one stream", () => {
    const first = synStreamFrame(1, { streamType: "error" }, true);
    const second = synStreamFrame(3, { streamType: "stdout" }, false);
    assert.equal(first.readUInt32BE(0), 0x80030001);
    assert.equal(first.readUInt32BE(8), 1);
    const headers = inflateSync(Buffer.concat([first.subarray(18), second.subarray(18)]), {
      finishFlush: constants.Z_SYNC_FLUSH,
    }).toString("latin1");
    const block = (value: string): string =>
      `\0\0\0\x01\0\0\0\x0astreamtype\0\0\0${String.fromCharCode(value.length)}${value}`;
    assert.equal(headers, block("error") + block("stdout"));
  });
});
