import type { Readable } from "node:stream";
import type { SecureContextOptions } from "node:tls";
import { sleep } from "#pkg/async/index.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { type Answer, type Connection, ConnectionError, failureOf } from "./connection.ts";
import { Credentials, type Identity, type ServerAccess } from "./credentials.ts";
import { Http1Connection } from "./http1-connection.ts";
import { Http2Connection } from "./http2-connection.ts";
import { lines } from "./lines.ts";
import { encodeQuery } from "./query.ts";
import { errorOfAnswer } from "./status-error.ts";
import type { ApiRequest, Transport, WatchEvent } from "./types.ts";

export interface HttpsTransportOptions extends ServerAccess {
  /** False speaks HTTP/1.1. */
  readonly http2?: boolean;
  readonly userAgent?: string;
}

/** Times a request that the server asked to repeat later is repeated (as client-go). */
const MAX_RETRIES = 10;

/** An API server over TLS, for agents, the bench and tests. Connects when first used, and again when a connection breaks. */
export function createHttpsTransport(options: HttpsTransportOptions): Transport {
  return new HttpsTransport(options);
}

class HttpsTransport implements Transport {
  readonly #options: HttpsTransportOptions;
  readonly #url: URL;
  readonly #credentials: Credentials;
  #connection: { readonly identity: Identity; readonly connection: Connection } | undefined;
  #closed = false;

  constructor(options: HttpsTransportOptions) {
    this.#options = options;
    this.#url = new URL(options.server);
    this.#credentials = new Credentials(options);
  }

  async request(request: ApiRequest): Promise<unknown> {
    const { status, headers, body } = await this.#send(request);
    const text = await this.#read(body, request.signal);
    if (status >= 400) throw errorOfAnswer(status, text);
    return String(headers["content-type"] ?? "").startsWith("application/json") ? (JSON.parse(text) as unknown) : text;
  }

  async *watch(request: ApiRequest): AsyncGenerator<WatchEvent> {
    const { status, body } = await this.#send(request);
    try {
      if (status >= 400) {
        throw errorOfAnswer(status, await this.#read(body, request.signal));
      }
      for await (const line of lines(body)) {
        request.signal?.throwIfAborted();
        yield JSON.parse(line) as WatchEvent;
      }
      request.signal?.throwIfAborted();
    } catch (err) {
      throw err instanceof ApiError ? err : failureOf(this.#options.server, err, request.signal);
    } finally {
      body.destroy();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#connection?.connection.destroy();
    this.#connection = undefined;
  }

  /** The whole body; by events, which cost a third of what iterating costs. */
  #read(body: Readable, signal: AbortSignal | undefined): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const chunks: Buffer[] = [];
    body.on("data", (chunk: Buffer) => chunks.push(chunk));
    body.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    body.on("error", (err) => reject(failureOf(this.#options.server, err, signal)));
    body.on("close", () => {
      if (!body.readableEnded) reject(failureOf(this.#options.server, new Error("the answer was cut off"), signal));
    });
    return promise;
  }

  async #send(request: ApiRequest): Promise<Answer> {
    const idempotent = request.method === "GET" || request.method === "PUT" || request.method === "DELETE";
    for (let tries = 0; ; tries++) {
      let answer: Answer;
      try {
        answer = await this.#sendOnce(request);
      } catch (err) {
        // A kept-alive connection that the server closed a moment ago says nothing about the server.
        const again = err instanceof ConnectionError && tries === 0 && !this.#closed;
        if (again && (request.method === "GET" || err.unprocessed)) continue;
        throw err;
      }
      if (answer.status === 401) this.#credentials.expire();
      const waitMs = retryAfterMs(answer);
      if (waitMs === undefined || !idempotent || tries >= MAX_RETRIES) return answer;
      answer.body.destroy();
      await sleep(waitMs, request.signal);
    }
  }

  async #sendOnce(request: ApiRequest): Promise<Answer> {
    const { identity, token } = await this.#credentials.current();
    if (this.#closed) throw new ConnectionError(this.#options.server, "the transport was closed");
    const query = encodeQuery(request.query);
    const prefix = this.#url.pathname === "/" ? "" : this.#url.pathname.replace(/\/$/, "");
    return this.#connect(identity).send({
      method: request.method,
      path: `${prefix}${request.path}${query === "" ? "" : `?${query}`}`,
      headers: {
        accept: acceptOf(request),
        "user-agent": this.#options.userAgent ?? "minik",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
      },
      body: request.body === undefined ? undefined : JSON.stringify(request.body),
      signal: request.signal,
    });
  }

  /** A renewed certificate needs a new connection; what runs on the old one goes on. */
  #connect(identity: Identity): Connection {
    if (this.#connection?.identity === identity) return this.#connection.connection;
    this.#connection?.connection.retire();
    const tls = {
      ...pick(identity),
      ...(this.#options.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
      ...(this.#options.tlsServerName === undefined ? {} : { servername: this.#options.tlsServerName }),
    };
    const connection =
      this.#options.http2 === false
        ? new Http1Connection(this.#url.origin, tls)
        : new Http2Connection(this.#url.origin, tls);
    this.#connection = { identity, connection };
    return connection;
  }
}

const pick = ({ ca, cert, key }: Identity): SecureContextOptions => ({
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
});

/** The server's wish to be asked again: 429 or 503 with Retry-After in seconds. */
function retryAfterMs({ status, headers }: Answer): number | undefined {
  if (status !== 429 && status !== 503) return undefined;
  const seconds = Number(headers["retry-after"]);
  return Number.isFinite(seconds) && headers["retry-after"] !== undefined ? seconds * 1000 : undefined;
}

function acceptOf({ metadataOnly, query }: ApiRequest): string {
  if (metadataOnly !== true) return "application/json, */*";
  const kind = query?.["watch"] === true ? "PartialObjectMetadata" : "PartialObjectMetadataList";
  return `application/json;as=${kind};g=meta.k8s.io;v=v1, application/json`;
}
