import type { Duplex } from "node:stream";
import { dataFrame, type Frame, FrameReader, pingFrame, resetFrame, synStreamFrame } from "./frame.ts";

/** What happens on a stream that we opened. */
export interface SpdyStreamEvents {
  onData(payload: Buffer): void;
  /** The other side closed its half, or the whole stream; nothing more arrives. */
  onEnd(): void;
}

export interface SpdyStream {
  /** False when the connection's buffer is full: wait for `connection.drained()`. */
  write(payload: Uint8Array): boolean;
  /** Closes our half. */
  end(): void;
  /** Gives the stream up in both directions. */
  reset(): void;
}

const MAX_PAYLOAD = 0xffffff;
const CANCEL = 5;

interface OpenStream {
  readonly events: SpdyStreamEvents;
  readonly replied: PromiseWithResolvers<void>;
}

/**
 * The client's side of a SPDY/3.1 connection over an upgraded socket. Our own, because the libraries for Node enforce
 * SPDY's flow-control windows: moby/spdystream, which every container runtime uses, never opens one, so they stall
 * after 64 KiB. Back-pressure is the socket's.
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #reader = new FrameReader();
  readonly #streams = new Map<number, OpenStream>();
  readonly closed: Promise<void>;
  #nextId = 1;
  #isClosed = false;

  /** `head` is what arrived behind the answer to the upgrade. */
  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      const close = (): void => {
        this.#isClosed = true;
        for (const id of this.#streams.keys()) this.#end(id);
        resolve();
      };
      socket.once("close", close);
      socket.once("end", close);
      socket.on("error", close);
    });
    if (head.length > 0) socket.unshift(head);
    socket.on("data", (chunk: Buffer) => {
      for (const frame of this.#reader.push(chunk)) this.#take(frame);
    });
  }

  /** Opens a stream and waits until the other side took it. @throws when it refused, or the connection ended. */
  async open(headers: Readonly<Record<string, string>>, events: SpdyStreamEvents): Promise<SpdyStream> {
    if (this.#isClosed) throw new Error("the connection to the container runtime is closed");
    const id = this.#nextId;
    this.#nextId += 2;
    const stream: OpenStream = { events, replied: Promise.withResolvers() };
    this.#streams.set(id, stream);
    this.#socket.write(synStreamFrame(id, headers, id === 1));
    await stream.replied.promise;
    return {
      write: (payload) => this.#write(id, payload),
      end: () => void (this.#socket.writable && this.#socket.write(dataFrame(id, Buffer.alloc(0), true))),
      reset: () => {
        if (this.#socket.writable) this.#socket.write(resetFrame(id, CANCEL));
        this.#end(id);
      },
    };
  }

  /** Stops reading: the other side waits. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves when what was written has left, or the connection is gone. */
  async drained(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#isClosed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once("drain", resolve);
    await Promise.race([promise, this.closed]);
    this.#socket.removeListener("drain", resolve);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #write(id: number, payload: Uint8Array): boolean {
    let open = true;
    for (let at = 0; at < payload.length && this.#socket.writable; at += MAX_PAYLOAD) {
      open = this.#socket.write(dataFrame(id, payload.subarray(at, at + MAX_PAYLOAD)));
    }
    return open;
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case "data": {
        if (frame.payload.length > 0) this.#streams.get(frame.streamId)?.events.onData(frame.payload);
        if (frame.fin) this.#end(frame.streamId);
        return;
      }
      case "reply":
        this.#streams.get(frame.streamId)?.replied.resolve();
        if (frame.fin) this.#end(frame.streamId);
        return;
      case "reset":
        this.#end(frame.streamId);
        return;
      case "ping":
        // Even numbers are the server's own pings; odd ones would be answers to ours.
        if (frame.id % 2 === 0) this.#socket.write(pingFrame(frame.id));
        return;
      default:
    }
  }

  #end(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.replied.reject(new Error("the container runtime refused a stream"));
    stream.replied.promise.catch(() => {});
    stream.events.onEnd();
  }
}
