/** HTTP/2 as bytes, so that it can be wrong (RFC 9113, section 4.1). */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

const TYPES = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, WINDOW_UPDATE: 8, CONTINUATION: 9 } as const;

/** @param length what the frame says it is long, when that is a lie */
export function frame(
  type: keyof typeof TYPES | number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(typeof type === "number" ? type : TYPES[type], 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export const OPENING = Buffer.concat([PREFACE, frame("SETTINGS", 0, 0)]);
export const END_STREAM = 0x1;
export const END_HEADERS = 0x4;
/** GET / over https, by HPACK's static table. */
const GET = Buffer.from([0x82, 0x87, 0x84, 0x41, 0x01, 0x78]);

export const get = (stream: number): Buffer => frame("HEADERS", END_HEADERS | END_STREAM, stream, GET);

/** What each sends that the protocol forbids, after a right opening. */
export const WRONG_FRAMES: Readonly<Record<string, readonly Buffer[]>> = {
  "a frame longer than agreed": [frame("DATA", 0, 1, Buffer.alloc(64), 0xffffff)],
  "settings of an odd length": [frame("SETTINGS", 0, 0, Buffer.alloc(5))],
  "settings of a stream": [frame("SETTINGS", 0, 1)],
  "a window of more than 2^31": [frame("WINDOW_UPDATE", 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
  "a window of nothing": [frame("WINDOW_UPDATE", 0, 0, Buffer.alloc(4))],
  "headers of stream 0": [frame("HEADERS", END_HEADERS | END_STREAM, 0, GET)],
  "headers of an even stream": [get(2)],
  "a continuation of nothing": [frame("CONTINUATION", END_HEADERS, 1, GET)],
  "data of a stream that is not open": [frame("DATA", END_STREAM, 5, Buffer.from("x"))],
  "headers that do not unpack": [frame("HEADERS", END_HEADERS | END_STREAM, 1, Buffer.alloc(200, 0xff))],
  "another frame amid headers": [frame("HEADERS", END_STREAM, 1, GET), frame("PING", 0, 0, Buffer.alloc(8))],
  "headers without end": [
    frame("HEADERS", END_STREAM, 1, GET),
    ...Array.from({ length: 2_000 }, () =>
      frame(
        "CONTINUATION",
        0,
        1,
        Buffer.concat([Buffer.from([0x00, 0x01, 0x78, 0x7f, 0x81, 0x1f]), Buffer.alloc(256, 0x79)]),
      ),
    ),
  ],
};
