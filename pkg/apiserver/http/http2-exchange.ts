import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";

/**
 * A request that came over HTTP/2, straight on its stream. Node's own compatibility objects are two more streams around
 * it for each request, and cost as much as the whole answer to a get.
 */
export class Http2Request {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly method: string;
  readonly url: string;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: readonly string[] = []) {
    this.stream = stream;
    this.rawHeaders = rawHeaders;
    this.headers = headers;
    this.method = String(headers[":method"]);
    this.url = String(headers[":path"]);
  }

  get destroyed(): boolean {
    return this.stream.destroyed;
  }
}

/** Headers of one HTTP/1.1 connection, which proxied answers may carry (RFC 9113, 8.2.2). */
const CONNECTION_HEADERS = new Set(["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]);

/** Its answer. The part of ServerResponse that answering needs, with the same meaning. */
export class Http2Response {
  readonly stream: ServerHttp2Stream;
  statusCode = 200;

  constructor(stream: ServerHttp2Stream) {
    this.stream = stream;
    // A caller that goes away ends the request by "close"; the error says nothing more.
    stream.on("error", () => undefined);
  }

  /**
   * Whatever else the caller sends is of no interest. A stream whose end nobody reads is not closed by a reset with
   * NO_ERROR, which is how Node's clients cancel: it would keep what waits to be sent, and its seat.
   */
  ignoreBody(): void {
    this.stream.resume();
  }

  get headersSent(): boolean {
    return this.stream.headersSent;
  }

  /** Also true between a caller's reset and the end of the stream, when nothing can be sent any more. */
  get destroyed(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  /** As a list of names and values, which Node takes as it is: an object it would copy and check, a tenth of a get's cost. */
  writeHead(status: number, headers: Readonly<Record<string, string | string[]>>): void {
    this.statusCode = status;
    const list = [":status", String(status)];
    for (const name in headers) {
      if (CONNECTION_HEADERS.has(name)) continue;
      const value = headers[name] as string | string[];
      if (typeof value === "string") list.push(name, value);
      else for (const each of value) list.push(name, each);
    }
    this.stream.respond(list);
  }

  end(body?: string | Uint8Array): void {
    this.stream.end(body);
  }

  once(event: "close" | "finish", listener: () => void): void {
    this.stream.once(event, listener);
  }

  destroy(): void {
    this.stream.destroy();
  }
}
