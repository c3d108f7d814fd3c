import { type ClientHttp2Session, connect, constants, type SecureClientSessionOptions } from "node:http2";
import { type Answer, type Connection, type Exchange, failureOf } from "./connection.ts";

/** As client-go: a connection that was silent this long is asked whether it is alive … */
const PING_AFTER_MS = 30_000;
/** … and dropped when no answer comes. */
const PING_TIMEOUT_MS = 15_000;
const STREAM_WINDOW_BYTES = 4 << 20;
const SESSION_WINDOW_BYTES = 32 << 20;

/** All exchanges over one HTTP/2 session, which is made when needed and replaced when it breaks. */
export class Http2Connection implements Connection {
  readonly #origin: string;
  readonly #tls: SecureClientSessionOptions;
  #session: ClientHttp2Session | undefined;

  constructor(origin: string, tls: SecureClientSessionOptions) {
    this.#origin = origin;
    this.#tls = tls;
  }

  send(exchange: Exchange): Promise<Answer> {
    const { signal } = exchange;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const fail = (err: unknown): void => reject(failureOf(this.#origin, err, signal));
    if (signal?.aborted === true) {
      fail(signal.reason);
      return promise;
    }
    const session = this.#open();
    const stream = session.request(
      { ":method": exchange.method, ":path": exchange.path, ...exchange.headers },
      { endStream: exchange.body === undefined },
    );
    const onAbort = (): void => {
      stream.close(constants.NGHTTP2_CANCEL);
      fail(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    let answered = false;
    stream.on("response", (headers) => {
      answered = true;
      const status = headers[":status"] ?? 0;
      resolve({ status, headers: headers as Answer["headers"], body: stream });
    });
    // Also keeps an error after the answer from being thrown globally; the body's reader sees it too.
    stream.on("error", fail);
    stream.on("close", () => {
      signal?.removeEventListener("abort", onAbort);
      if (!answered) fail(new Error("the connection closed before an answer"));
    });
    if (exchange.body !== undefined) stream.end(exchange.body);
    return promise;
  }

  retire(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  destroy(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #open(): ClientHttp2Session {
    const known = this.#session;
    if (known !== undefined && !known.closed && !known.destroyed) return known;
    const session = connect(this.#origin, {
      ...this.#tls,
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
    });
    this.#session = session;
    const drop = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    session.once("connect", () => session.setLocalWindowSize(SESSION_WINDOW_BYTES));
    // Streams report the error to their callers; the session only has to be replaced.
    session.on("error", drop);
    session.on("goaway", () => {
      drop();
      session.close();
    });
    session.on("close", drop);
    session.setTimeout(PING_AFTER_MS, () => this.#checkAlive(session));
    return session;
  }

  #checkAlive(session: ClientHttp2Session): void {
    if (session.closed || session.destroyed) return;
    const deadline = setTimeout(
      () => session.destroy(new Error("no answer to a ping"), constants.NGHTTP2_CANCEL),
      PING_TIMEOUT_MS,
    );
    deadline.unref();
    if (!session.ping(() => clearTimeout(deadline))) clearTimeout(deadline);
  }
}
