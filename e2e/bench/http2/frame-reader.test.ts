import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { FLAG, FRAME } from "./frames.ts";

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** What was read, as text; data of one DATA frame joined. */
class Transcript implements FrameSink {
  readonly lines: string[] = [];

  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    this.lines.push(`type ${type} flags ${flags} stream ${stream}: ${bytes.toString("latin1", start, end)}`);
  }

  onDataFrame(stream: number, payloadBytes: number): void {
    this.lines.push(`data of ${stream}, ${payloadBytes} bytes: `);
  }

  onData(_: number, bytes: Buffer, start: number, end: number, last: boolean): void {
    this.lines.push(`${this.lines.pop()}${bytes.toString("latin1", start, end)}${last ? " last" : ""}`);
  }
}

const FRAMES = Buffer.concat([
  frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, Buffer.from("abc")),
  frame(FRAME.DATA, 0, 1, Buffer.from("hello")),
  frame(FRAME.DATA, FLAG.PADDED, 3, Buffer.from("\x04padded....", "latin1")),
  frame(FRAME.DATA, FLAG.PADDED, 3, Buffer.from("\x02..", "latin1")),
  frame(FRAME.DATA, FLAG.PADDED | FLAG.END_STREAM, 3, Buffer.from("\x01end.", "latin1")),
  frame(FRAME.DATA, FLAG.END_STREAM, 1, Buffer.alloc(0)),
  frame(FRAME.SETTINGS, FLAG.ACK, 0, Buffer.alloc(0)),
]);
const LINES = [
  "type 1 flags 4 stream 1: abc",
  "data of 1, 5 bytes: hello",
  "data of 3, 11 bytes: padded",
  "data of 3, 3 bytes: ",
  "data of 3, 5 bytes: end last",
  "data of 1, 0 bytes:  last",
  "type 4 flags 1 stream 0: ",
];

describe("FrameReader", () => {
  it("reads frames when they come in any two parts", () => {
    for (let cut = 0; cut <= FRAMES.length; cut++) {
      const transcript = new Transcript();
      const reader = new FrameReader(transcript);
      // Both parts in the same buffer, as the socket reads them.
      const chunk = Buffer.alloc(FRAMES.length);
      reader.read(chunk, FRAMES.copy(chunk, 0, 0, cut));
      reader.read(chunk, FRAMES.copy(chunk, 0, cut));
      assert.deepEqual(transcript.lines, LINES, `cut at ${cut}`);
    }
  });

  it("reads frames when they come byte by byte", () => {
    const transcript = new Transcript();
    const reader = new FrameReader(transcript);
    for (const byte of FRAMES) reader.read(Buffer.of(byte), 1);
    assert.deepEqual(transcript.lines, LINES);
  });

  it("throws when a frame is too large or is all padding", () => {
    const read = (bytes: Buffer): void => new FrameReader(new Transcript()).read(bytes, bytes.length);
    assert.throws(() => read(frame(FRAME.DATA, 0, 1, Buffer.alloc(16_385))), { code: "PROTOCOL_ERROR" });
    assert.throws(() => read(frame(FRAME.DATA, FLAG.PADDED, 1, Buffer.of(5, 0, 0))), { code: "PROTOCOL_ERROR" });
  });
});
