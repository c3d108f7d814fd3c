import { isIP, type OnReadOpts } from "node:net";
import { connect, type ConnectionOptions as TlsOptions, type TLSSocket } from "node:tls";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import {
  DEFAULT_WINDOW_BYTES,
  ERROR,
  errorName,
  FLAG,
  FRAME,
  PREFACE,
  ProtocolError,
  SETTING,
  settings,
  uint32,
} from "./frames.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import { readStatus } from "./hpack.ts";
import { Outbox } from "./outbox.ts";
import { Sender } from "./sender.ts";
import type { Stream } from "./stream.ts";
import { Streams } from "./streams.ts";

/** What Go's HTTP/2 client, and so every client-go program, announces. */
const STREAM_WINDOW_BYTES = 4 << 20;
const CONNECTION_WINDOW_BYTES = 1 << 30;
const READ_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

export type ConnectionOptions = Pick<TlsOptions, "ca" | "cert" | "key" | "servername" | "rejectUnauthorized">;

/**
 * One HTTP/2 connection over TLS.
 *
 *   open() ─► SETTINGS of the server ─► start(stream) … ─► destroy(), an error, or the server ends it: every stream ends
 */
export class Connection implements FrameSink {
  readonly #socket: TLSSocket;
  readonly #outbox: Outbox;
  readonly #reader = new FrameReader(this);
  readonly #blocks = new HeaderBlocks();
  readonly #streams = new Streams();
  readonly #sender: Sender;
  readonly #ready = Promise.withResolvers<void>();
  /** Bytes that came since the server was last allowed more. */
  #received = 0;
  /** Why there are no new streams. */
  #ended: Error | undefined;

  /** Rejects when there is no server, no trust or no HTTP/2. */
  static async open(server: URL, options: ConnectionOptions): Promise<Connection> {
    const host = server.hostname.replace(/^\[|\]$/g, "");
    const chunk = Buffer.allocUnsafeSlow(READ_BYTES);
    // Everything is read into one buffer, past the machinery of streams. Node's types do not know that TLS has this, too.
    const onread: OnReadOpts = {
      buffer: chunk,
      callback: (length) => {
        connection.#read(chunk, length);
        return true;
      },
    };
    const tls: TlsOptions & { readonly onread: OnReadOpts } = {
      host,
      port: Number(server.port === "" ? 443 : server.port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...options,
      ALPNProtocols: ["h2"],
      onread,
    };
    const connection = new Connection(connect(tls));
    await connection.#ready.promise;
    return connection;
  }

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    this.#sender = new Sender(this.#outbox, this.#streams);
    socket.setNoDelay(true);
    socket.once("secureConnect", () => {
      if (socket.alpnProtocol === "h2") this.#greet();
      else this.#fail(new Error("the server speaks no HTTP/2"));
    });
    socket.on("error", (err) => this.#fail(err));
    socket.on("close", () => this.#fail(new Error("the connection closed")));
  }

  /** Sends the request of `stream`, which hears of the rest. */
  start(stream: Stream): void {
    if (this.#ended !== undefined) stream.onEnd(this.#ended);
    else this.#sender.start(stream);
  }

  /** The answer is of no interest any more. */
  cancel(stream: Stream): void {
    if (!this.#streams.delete(stream)) return;
    this.#sender.reset(stream);
    this.#sender.sendWaiting();
  }

  destroy(): void {
    if (this.#ended === undefined) {
      this.#outbox.frame(FRAME.GOAWAY, 0, 0, Buffer.alloc(8));
      this.#outbox.flush();
    }
    this.#fail(new Error("the connection closed"));
  }

  onFrame(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    switch (type) {
      case FRAME.HEADERS:
      case FRAME.CONTINUATION: {
        const block = this.#blocks.add(type, flags, id, bytes, start, end);
        if (block !== undefined) this.#onHeaders(id, block.bytes, block.start, block.end, block.ends);
        return;
      }
      case FRAME.WINDOW_UPDATE:
        this.#sender.onWindowUpdate(id, bytes.readUInt32BE(start) & 0x7fffffff);
        return;
      case FRAME.SETTINGS:
        if ((flags & FLAG.ACK) === 0) this.#onSettings(bytes, start, end);
        return;
      case FRAME.PING:
        if ((flags & FLAG.ACK) === 0) this.#outbox.frame(FRAME.PING, FLAG.ACK, 0, bytes, start, end);
        return;
      case FRAME.RST_STREAM: {
        const stream = this.#streams.get(id);
        const code = bytes.readUInt32BE(start);
        if (stream !== undefined) this.#end(stream, new Error(`the server reset the stream: ${errorName(code)}`));
        return;
      }
      case FRAME.GOAWAY:
        this.#onGoAway(bytes.readUInt32BE(start) & 0x7fffffff, bytes.readUInt32BE(start + 4));
        return;
      case FRAME.PUSH_PROMISE:
        throw new ProtocolError("a push, which is switched off");
    }
    // Types that are not known are nothing to worry about (RFC 9113, 4.1).
  }

  onDataFrame(id: number, payloadBytes: number): void {
    // Also of streams that are gone: the connection's window knows no streams.
    this.#received += payloadBytes;
    if (this.#received >= CONNECTION_WINDOW_BYTES / 2) {
      this.#outbox.frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(this.#received));
      this.#received = 0;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.received += payloadBytes;
    if (stream.received >= STREAM_WINDOW_BYTES / 2) {
      this.#outbox.frame(FRAME.WINDOW_UPDATE, 0, id, uint32(stream.received));
      stream.received = 0;
    }
  }

  onData(id: number, bytes: Buffer, start: number, end: number, last: boolean): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (stream.status === 0) throw new ProtocolError("a body before its status");
    if (start < end) stream.onData(bytes, start, end);
    if (last) this.#end(stream, undefined);
  }

  #greet(): void {
    this.#outbox.raw(PREFACE);
    // Without a dynamic table the status of an answer can be read without keeping account of all headers before it.
    const own = [
      [SETTING.HEADER_TABLE_SIZE, 0],
      [SETTING.ENABLE_PUSH, 0],
      [SETTING.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
    ] as const;
    this.#outbox.frame(FRAME.SETTINGS, 0, 0, settings(own));
    this.#outbox.frame(FRAME.WINDOW_UPDATE, 0, 0, uint32(CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES));
  }

  #read(chunk: Buffer, length: number): void {
    try {
      this.#reader.read(chunk, length);
    } catch (err) {
      if (!(err instanceof ProtocolError)) throw err;
      this.#fail(err);
    }
  }

  #onHeaders(id: number, bytes: Buffer, start: number, end: number, ends: boolean): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    if (stream.status === 0) {
      const status = readStatus(bytes, start, end);
      // Lower ones announce that the answer will come; headers after the status are trailers.
      if (status >= 200) {
        stream.status = status;
        stream.onStatus(status);
      }
    }
    if (ends) this.#end(stream, undefined);
  }

  #onSettings(bytes: Buffer, start: number, end: number): void {
    this.#outbox.frame(FRAME.SETTINGS, FLAG.ACK, 0, NOTHING);
    this.#sender.onSettings(bytes, start, end);
    this.#ready.resolve();
  }

  /** The server answers what it has taken, up to the stream `last`, and nothing else. */
  #onGoAway(last: number, code: number): void {
    const reason = new Error(`the server goes away: ${errorName(code)}`);
    if (code !== ERROR.NO_ERROR) {
      this.#fail(reason);
      return;
    }
    this.#ended ??= reason;
    for (const stream of this.#sender.takeWaiting()) stream.onEnd(reason);
    for (const stream of this.#streams.all()) if (stream.id > last) this.#end(stream, reason);
  }

  #end(stream: Stream, error: Error | undefined): void {
    this.#streams.delete(stream);
    // Answered before all of the request was there, as refusals are.
    if (error === undefined && stream.body !== undefined && stream.sent < stream.body.length)
      this.#sender.reset(stream);
    stream.onEnd(error);
    this.#sender.sendWaiting();
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    this.#ready.reject(error);
    for (const stream of this.#sender.takeWaiting()) stream.onEnd(error);
    for (const stream of this.#streams.all()) {
      this.#streams.delete(stream);
      stream.onEnd(error);
    }
    // What was written goes out first.
    setImmediate(() => this.#socket.destroy());
  }
}
