/**
 * SPDY/3.1 frames, as far as Kubernetes' remote command protocol uses them (moby/spdystream on the other side). Header
 * blocks are written uncompressed: a zlib stream of stored blocks, which every zlib reader takes and which needs neither
 * SPDY's dictionary nor a state. Those of the other side say nothing that we need and are skipped unread.
 */
const VERSION_AND_CONTROL = 0x8003;
const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const GOAWAY = 7;
const FIN = 0x01;
const HEADER_BYTES = 8;

export type Frame =
  | { readonly kind: "data"; readonly streamId: number; readonly fin: boolean; readonly payload: Buffer }
  | { readonly kind: "reply"; readonly streamId: number; readonly fin: boolean }
  | { readonly kind: "reset"; readonly streamId: number; readonly status: number }
  | { readonly kind: "ping"; readonly id: number }
  | { readonly kind: "goaway" }
  /** SETTINGS, WINDOW_UPDATE, HEADERS: the other side keeps no windows, and neither do we. */
  | { readonly kind: "other" };

/** Cuts a byte stream into frames; `push` takes what arrived and returns the frames that it completed. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Frame[] {
    let buffer = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (buffer.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + buffer.readUIntBE(5, 3);
      if (buffer.length < end) break;
      frames.push(parse(buffer.subarray(0, end)));
      buffer = buffer.subarray(end);
    }
    this.#rest = buffer;
    return frames;
  }
}

function parse(bytes: Buffer): Frame {
  const fin = (bytes.readUInt8(4) & FIN) !== 0;
  const payload = bytes.subarray(HEADER_BYTES);
  if ((bytes.readUInt8(0) & 0x80) === 0) return { kind: "data", streamId: bytes.readUInt32BE(0), fin, payload };
  const word = (at: number): number => (payload.length >= at + 4 ? payload.readUInt32BE(at) & 0x7fffffff : 0);
  switch (bytes.readUInt16BE(2)) {
    case SYN_REPLY:
      return { kind: "reply", streamId: word(0), fin };
    case RST_STREAM:
      return { kind: "reset", streamId: word(0), status: word(4) };
    case PING:
      return { kind: "ping", id: payload.length >= 4 ? payload.readUInt32BE(0) : 0 };
    case GOAWAY:
      return { kind: "goaway" };
    default:
      return { kind: "other" };
  }
}

export function dataFrame(streamId: number, payload: Uint8Array, fin = false): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt32BE(streamId, 0);
  head.writeUInt8(fin ? FIN : 0, 4);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

/** Opens a stream. `first` says that no header block went before it on this connection: it starts the zlib stream. */
export function synStreamFrame(streamId: number, headers: Readonly<Record<string, string>>, first: boolean): Buffer {
  const ids = Buffer.alloc(10);
  ids.writeUInt32BE(streamId, 0);
  return control(SYN_STREAM, Buffer.concat([ids, headerBlock(headers, first)]));
}

export function resetFrame(streamId: number, status: number): Buffer {
  return control(RST_STREAM, words(streamId, status));
}

export function pingFrame(id: number): Buffer {
  return control(PING, words(id));
}

function control(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(VERSION_AND_CONTROL, 0);
  head.writeUInt16BE(type, 2);
  head.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([head, payload]);
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => bytes.writeUInt32BE(value >>> 0, i * 4));
  return bytes;
}

/** RFC 1950 header, one stored block (RFC 1951, 3.2.4) and an empty one, which makes readers hand out what they have. */
function headerBlock(headers: Readonly<Record<string, string>>, first: boolean): Buffer {
  const parts: Buffer[] = [words(Object.keys(headers).length)];
  for (const [name, value] of Object.entries(headers)) {
    for (const text of [name.toLowerCase(), value]) {
      const bytes = Buffer.from(text);
      parts.push(words(bytes.length), bytes);
    }
  }
  const block = Buffer.concat(parts);
  const stored = Buffer.alloc(5);
  stored.writeUInt16LE(block.length, 1);
  stored.writeUInt16LE(~block.length & 0xffff, 3);
  const empty = Buffer.from([0, 0, 0, 0xff, 0xff]);
  return Buffer.concat([...(first ? [Buffer.from([0x78, 0x01])] : []), stored, block, empty]);
}
