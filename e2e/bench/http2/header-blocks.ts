import { FLAG, FRAME, ProtocolError } from "./frames.ts";

/** Where a header block is. */
export interface HeaderBlock {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** It ends its stream. */
  readonly ends: boolean;
}

const MAX_BLOCK_BYTES = 256 * 1024;
const PRIORITY_BYTES = 5;

/** Puts header blocks together that came in several frames, and takes off what is not block. */
export class HeaderBlocks {
  #stream = 0;
  #ends = false;
  #parts: Buffer[] = [];

  /** The block, when it is complete with this frame of HEADERS or CONTINUATION. */
  add(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): HeaderBlock | undefined {
    let from = start;
    let to = end;
    if (type === FRAME.HEADERS) {
      if ((flags & FLAG.PADDED) !== 0) to -= bytes[from++] as number;
      if ((flags & FLAG.PRIORITY) !== 0) from += PRIORITY_BYTES;
      if (from > to) throw new ProtocolError("more padding than frame");
      const ends = (flags & FLAG.END_STREAM) !== 0;
      if ((flags & FLAG.END_HEADERS) !== 0) return { bytes, start: from, end: to, ends };
      this.#stream = stream;
      this.#ends = ends;
      this.#parts = [];
    } else if (stream !== this.#stream) {
      throw new ProtocolError("a continuation of nothing");
    }
    this.#parts.push(Buffer.from(bytes.subarray(from, to)));
    if (this.#parts.reduce((sum, part) => sum + part.length, 0) > MAX_BLOCK_BYTES)
      throw new ProtocolError("headers without end");
    if ((flags & FLAG.END_HEADERS) === 0) return undefined;
    this.#stream = 0;
    const block = Buffer.concat(this.#parts);
    return { bytes: block, start: 0, end: block.length, ends: this.#ends };
  }
}
