import { FRAME_HEADER_BYTES } from "./frames.ts";

/** Holds several frames of the largest size. */
const CHUNK_BYTES = 128 * 1024;

/** The part of a socket that is used. */
export interface Wire {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(bytes: Uint8Array): unknown;
}

/**
 * Frames on their way out: those of one turn of the event loop leave with one write, so that an encryption and a system call
 * carry as many requests as there are.
 */
export class Outbox {
  readonly #wire: Wire;
  #chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  /** Up to here the chunk is given to the socket. */
  #written = 0;
  #end = 0;
  #scheduled = false;
  readonly #flush = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** The payload, `bytes` from `start` to `end`, is copied. */
  frame(type: number, flags: number, stream: number, bytes: Buffer, start = 0, end = bytes.length): void {
    const length = end - start;
    let at = this.#room(FRAME_HEADER_BYTES + length);
    const chunk = this.#chunk;
    chunk[at] = length >>> 16;
    chunk[at + 1] = length >>> 8;
    chunk[at + 2] = length;
    chunk[at + 3] = type;
    chunk[at + 4] = flags;
    at = chunk.writeUInt32BE(stream, at + 5);
    bytes.copy(chunk, at, start, end);
  }

  /** What is no frame. */
  raw(text: string): void {
    const at = this.#room(text.length);
    this.#chunk.write(text, at, "latin1");
  }

  flush(): void {
    if (this.#written === this.#end || this.#wire.destroyed) return;
    this.#wire.write(this.#chunk.subarray(this.#written, this.#end));
    this.#written = this.#end;
  }

  /** Where in the chunk the next `bytes` bytes go. */
  #room(bytes: number): number {
    // The socket has encrypted all that it was given: the chunk is free again.
    if (this.#written === this.#end && this.#wire.writableLength === 0) this.#written = this.#end = 0;
    if (this.#end + bytes > CHUNK_BYTES) {
      this.flush();
      this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      this.#written = this.#end = 0;
    }
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#flush);
    }
    const at = this.#end;
    this.#end += bytes;
    return at;
  }
}
