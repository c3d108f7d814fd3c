import { DEFAULT_WINDOW_BYTES, ERROR, FLAG, FRAME, MAX_PAYLOAD_BYTES, SETTING, uint32 } from "./frames.ts";
import type { Outbox } from "./outbox.ts";
import type { Stream } from "./stream.ts";
import { MAX_STREAMS, type Streams } from "./streams.ts";

/** The requests' side of a connection: what the server's limits do not admit waits here for its turn. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #streams: Streams;
  /** Not sent yet, for there are as many streams as the server allows. */
  readonly #waiting: Stream[] = [];
  /** Sent without the end of their bodies. */
  #blocked: Stream[] = [];
  #maxStreams = MAX_STREAMS;
  #initialWindow = DEFAULT_WINDOW_BYTES;
  #window = DEFAULT_WINDOW_BYTES;

  constructor(outbox: Outbox, streams: Streams) {
    this.#outbox = outbox;
    this.#streams = streams;
  }

  start(stream: Stream): void {
    if (this.#streams.size >= this.#maxStreams) this.#waiting.push(stream);
    else this.#send(stream);
  }

  /** Neither side sends more. */
  reset(stream: Stream): void {
    this.#outbox.frame(FRAME.RST_STREAM, 0, stream.id, uint32(ERROR.CANCEL));
  }

  /** After a stream's end. */
  sendWaiting(): void {
    while (this.#waiting.length > 0 && this.#streams.size < this.#maxStreams)
      this.#send(this.#waiting.shift() as Stream);
  }

  /** Takes those away that were not sent. */
  takeWaiting(): readonly Stream[] {
    return this.#waiting.splice(0);
  }

  /** The server's SETTINGS, in `bytes` from `start` to `end`. */
  onSettings(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at + 6 <= end; at += 6) {
      const value = bytes.readUInt32BE(at + 2);
      switch (bytes.readUInt16BE(at)) {
        case SETTING.MAX_CONCURRENT_STREAMS:
          this.#maxStreams = Math.min(value, MAX_STREAMS);
          break;
        case SETTING.INITIAL_WINDOW_SIZE:
          // Counts for the streams that are open, too, whose windows may become negative (RFC 9113, 6.9.2).
          for (const stream of this.#streams.all()) stream.sendWindow += value - this.#initialWindow;
          this.#initialWindow = value;
          break;
      }
    }
    this.#sendBlocked();
    this.sendWaiting();
  }

  /** The server takes `bytes` more, of the stream or, when `id` is 0, of all together. */
  onWindowUpdate(id: number, bytes: number): void {
    if (id === 0) {
      this.#window += bytes;
    } else {
      const stream = this.#streams.get(id);
      if (stream !== undefined) stream.sendWindow += bytes;
    }
    this.#sendBlocked();
  }

  #send(stream: Stream): void {
    this.#streams.add(stream);
    stream.sendWindow = this.#initialWindow;
    const flags = stream.body === undefined ? FLAG.END_HEADERS | FLAG.END_STREAM : FLAG.END_HEADERS;
    this.#outbox.frame(FRAME.HEADERS, flags, stream.id, stream.headers);
    if (stream.body !== undefined) this.#sendBody(stream, stream.body);
  }

  #sendBody(stream: Stream, body: Buffer): void {
    for (let left = body.length - stream.sent; left > 0; left = body.length - stream.sent) {
      const bytes = Math.min(left, stream.sendWindow, this.#window, MAX_PAYLOAD_BYTES);
      if (bytes <= 0) {
        this.#blocked.push(stream);
        return;
      }
      const flags = bytes === left ? FLAG.END_STREAM : 0;
      this.#outbox.frame(FRAME.DATA, flags, stream.id, body, stream.sent, stream.sent + bytes);
      stream.sent += bytes;
      stream.sendWindow -= bytes;
      this.#window -= bytes;
    }
  }

  #sendBlocked(): void {
    if (this.#blocked.length === 0) return;
    const blocked = this.#blocked;
    this.#blocked = [];
    for (const stream of blocked) {
      if (stream.body !== undefined && this.#streams.get(stream.id) === stream) this.#sendBody(stream, stream.body);
    }
  }
}
