import { FLAG, FRAME, FRAME_HEADER_BYTES, MAX_PAYLOAD_BYTES, ProtocolError } from "./frames.ts";

/** Buffers that it is given hold only during the call: the socket reads into them again. */
export interface FrameSink {
  /** A whole frame of any type but DATA; its payload is in `bytes` from `start` to `end`. */
  onFrame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void;
  /** A DATA frame begins; `payloadBytes`, padding included, are what flow control counts. */
  onDataFrame(stream: number, payloadBytes: number): void;
  /** Some of its data, in `bytes` from `start` to `end`; `last` with the last of the stream. */
  onData(stream: number, bytes: Buffer, start: number, end: number, last: boolean): void;
}

/**
 * Cuts what the socket reads into frames. The data of DATA frames go on as they come, in parts; of the other frames, which
 * are small, the beginning is kept when its end is in the next chunk.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  /** The beginning of a frame that has not come as a whole. */
  #rest: Buffer | undefined;
  /** Of the DATA frame that has come in part: */
  #stream = 0;
  #ends = false;
  #dataLeft = 0;
  #paddingLeft = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Takes the first `length` bytes of `chunk`. Throws a ProtocolError, after which there is nothing more to read. */
  read(chunk: Buffer, length: number): void {
    let bytes = chunk;
    let end = length;
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk.subarray(0, length)]);
      end = bytes.length;
      this.#rest = undefined;
    }
    let at = this.#continueData(bytes, 0, end);
    while (at < end) {
      const next = this.#readFrame(bytes, at, end);
      if (next === at) {
        this.#rest = Buffer.from(bytes.subarray(at, end));
        return;
      }
      at = next;
    }
  }

  /** Returns where it ended: at `at` when too little is there. */
  #readFrame(bytes: Buffer, at: number, end: number): number {
    if (end - at < FRAME_HEADER_BYTES) return at;
    const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
    const type = bytes[at + 3] as number;
    const flags = bytes[at + 4] as number;
    const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    if (length > MAX_PAYLOAD_BYTES) throw new ProtocolError(`a frame of ${length} bytes`);
    const payload = at + FRAME_HEADER_BYTES;
    if (type === FRAME.DATA) return this.#beginData(bytes, at, end, length, flags, stream);
    if (end - payload < length) return at;
    this.#sink.onFrame(type, flags, stream, bytes, payload, payload + length);
    return payload + length;
  }

  #beginData(bytes: Buffer, at: number, end: number, length: number, flags: number, stream: number): number {
    let from = at + FRAME_HEADER_BYTES;
    let padding = 0;
    let data = length;
    if ((flags & FLAG.PADDED) !== 0) {
      if (from === end) return at;
      padding = bytes[from++] as number;
      data -= 1 + padding;
      if (data < 0) throw new ProtocolError("more padding than frame");
    }
    this.#dataLeft = data;
    this.#paddingLeft = padding;
    this.#stream = stream;
    this.#ends = (flags & FLAG.END_STREAM) !== 0;
    this.#sink.onDataFrame(stream, length);
    if (data > 0) return this.#continueData(bytes, from, end);
    if (this.#ends) this.#sink.onData(stream, bytes, from, from, true);
    return this.#skipPadding(from, end);
  }

  #continueData(bytes: Buffer, at: number, end: number): number {
    let to = at;
    if (this.#dataLeft > 0 && at < end) {
      to = Math.min(end, at + this.#dataLeft);
      this.#dataLeft -= to - at;
      this.#sink.onData(this.#stream, bytes, at, to, this.#ends && this.#dataLeft === 0);
    }
    return this.#dataLeft === 0 ? this.#skipPadding(to, end) : to;
  }

  #skipPadding(at: number, end: number): number {
    const to = Math.min(end, at + this.#paddingLeft);
    this.#paddingLeft -= to - at;
    return to;
  }
}
