import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import { pipeline as pipeStreams } from "node:stream/promises";
import { Readable } from "node:stream";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { loadProtobufCodec } from "#pkg/api/protobuf/index.ts";
import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import { ApiError, internalError } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { FlowController, Ticket } from "../flowcontrol/index.ts";
import type { Pipeline } from "../pipeline.ts";
import { requestInfoOf } from "../request-info.ts";
import type { Reply, RequestContext, RequestInfo, UserInfo } from "../types.ts";
import { readWholeBody } from "./body.ts";
import type { Http2Response } from "./http2-exchange.ts";
import { impersonated } from "./impersonation.ts";
import { type InFlight, REQUEST_TIMEOUT_MS } from "./in-flight.ts";
import { type Format, negotiate, PROTOBUF_TYPE } from "./negotiate.ts";
import { type Peer, PeerTable, type RawRequest } from "./peer.ts";
import { render } from "./render.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import { eventEncoder, watchContentType, WatchStream } from "./watch-stream.ts";

export type RawResponse = ServerResponse | Http2Response;

/** Bodies larger than this are compressed where the caller accepts it (upstream's bound). */
const GZIP_BYTES = 128 * 1024;
const compress = promisify(gzip);
/** Answers that are at least this large keep their seats until they are taken. */
const HELD_BYTES = 64 * 1024;
const NO_QUERY = "";
/** Made once: an error of its own for each request that ends would cost more than the request. */
const GONE = new DOMException("The request is over", "AbortError");

export interface RequestHandlerOptions {
  readonly pipeline: Pipeline;
  readonly authenticate: (request: {
    readonly headers: RequestContext["headers"];
    readonly peerCertificate: Uint8Array | undefined;
    readonly rawHeaders?: readonly string[];
  }) => Promise<UserInfo>;
  readonly inFlight: InFlight;
  readonly flow: FlowController;
  readonly metrics: RequestMetrics;
  readonly log: Logger;
}

/** Answers HTTP requests of either version through the pipeline. */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  readonly #peers = new PeerTable();

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  async handle(request: RawRequest, response: RawResponse): Promise<void> {
    const exchange = new Exchange(request, response);
    const { inFlight, metrics } = this.#options;
    const started = performance.now();
    inFlight.add(exchange);
    try {
      await this.#answer(exchange);
    } catch (err) {
      this.#fail(exchange, err);
    } finally {
      inFlight.delete(exchange);
      exchange.finished();
      this.#giveSeatBack(exchange);
      const { info } = exchange;
      if (info !== undefined)
        metrics.observe(
          info,
          response.statusCode,
          exchange.deadline === Number.POSITIVE_INFINITY ? undefined : (performance.now() - started) / 1000,
        );
    }
  }

  /** The request as the pipeline wants it, its sender known. @throws 401, 403 */
  async contextOf(exchange: Exchange, info: RequestInfo): Promise<{ context: RequestContext; peer: Peer }> {
    const { request } = exchange;
    const { headers } = request;
    const peer = this.#peers.of(request);
    const { authenticate, pipeline } = this.#options;
    let user = await authenticate({ headers, peerCertificate: peer.certificate, rawHeaders: request.rawHeaders });
    if (headers["impersonate-user"] !== undefined) user = await impersonated(headers, user, pipeline);
    const context = {
      info,
      method: request.method ?? "GET",
      path: exchange.path,
      query: exchange.query,
      headers,
      user,
      get signal(): AbortSignal {
        return exchange.signal;
      },
      body: () => readWholeBody("stream" in request ? request.stream : request, headers["content-length"], exchange),
      bodyStream: () => bodyStreamOf(request),
      warn: (text: string) => exchange.warn(text),
    };
    return { context, peer };
  }

  /**
   * Upstream's handler returns when its answer is written, and Node's when it is handed over: a large answer keeps its
   * seat until the caller has taken it, or has had its time.
   */
  #giveSeatBack(exchange: Exchange): void {
    const { ticket, response } = exchange;
    if (ticket === undefined) return;
    const { flow } = this.#options;
    if (exchange.bodyBytes < HELD_BYTES || response.destroyed) {
      flow.leave(ticket);
      return;
    }
    const timer = setTimeout(() => flow.leave(ticket), REQUEST_TIMEOUT_MS);
    timer.unref();
    response.once("close", () => {
      clearTimeout(timer);
      flow.leave(ticket);
    });
  }

  /** Takes the request's place in its priority level; undefined when it need not wait. @throws 429 */
  #takeSeat(exchange: Exchange, { user, info, query }: RequestContext): Promise<void> | undefined {
    const { flow } = this.#options;
    const ticket = flow.enter(user, info, query, performance.now());
    exchange.ticket = ticket;
    const turn = flow.start(ticket, exchange.timeoutMs / 4);
    if (turn !== undefined) exchange.response.once("close", () => flow.leave(ticket));
    return turn;
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { request, response } = exchange;
    const method = request.method ?? "GET";
    const info = requestInfoOf(method, exchange.path, exchange.query);
    exchange.info = info;
    if (STREAMS.has(info.subresource)) exchange.deadline = Number.POSITIVE_INFINITY;
    const { context, peer } = await this.contextOf(exchange, info);
    // Streams last as long as their callers want, and are never seated.
    if (!STREAMS.has(info.subresource)) {
      const turn = this.#takeSeat(exchange, context);
      if (turn !== undefined) await turn;
    }
    const format = negotiatePlainly(request, info) ?? (await negotiateFor(request, info));
    exchange.format = format;
    const reply = await this.#options.pipeline.handle(context);
    switch (reply.kind) {
      case "view":
      case "list":
      case "object": {
        const { status, contentType, body } = render(reply, format, exchange.query);
        await send(exchange, status, { "content-type": contentType }, body, peer);
        return;
      }
      case "bytes":
        await send(exchange, reply.status, reply.headers, reply.body, peer);
        return;
      case "stream":
        exchange.deadline = Number.POSITIVE_INFINITY;
        exchange.head(reply.status, reply.headers);
        // A log may stay silent for long; its reader is told at once that there is one.
        if ("flushHeaders" in response) response.flushHeaders();
        await pipeStreams(reply.body instanceof Readable ? reply.body : Readable.from(reply.body), streamOf(response));
        return;
      case "watch":
        exchange.deadline = Number.POSITIVE_INFINITY;
        await this.#watch(exchange, reply, format);
    }
  }

  async #watch(exchange: Exchange, reply: Extract<Reply, { kind: "watch" }>, format: Format): Promise<void> {
    const { response } = exchange;
    const { promise, resolve } = Promise.withResolvers<void>();
    const encode = eventEncoder(reply.definition, format, exchange.query);
    exchange.head(200, { "content-type": watchContentType(format) });
    // Clients wait for the header before they believe that the watch has begun.
    if ("flushHeaders" in response) response.flushHeaders();
    const sink = new WatchStream(streamOf(response), encode);
    const stop = reply.start(sink);
    // Its first events are on their way: from here on it costs what its events cost.
    if (exchange.ticket !== undefined) this.#options.flow.leave(exchange.ticket);
    exchange.onCut = () => sink.end();
    response.once("close", resolve);
    response.once("finish", resolve);
    if (response.destroyed) resolve();
    await promise;
    stop();
  }

  #fail(exchange: Exchange, err: unknown): void {
    const { response } = exchange;
    if (response.headersSent || response.destroyed) {
      if (!exchange.timedOut) response.destroy();
      return;
    }
    let error: ApiError;
    if (err instanceof ApiError) error = err;
    else {
      if (exchange.gone) return;
      this.#options.log.error("request failed", { err, method: exchange.request.method, path: exchange.path });
      error = internalError(err instanceof Error ? err.message : String(err));
    }
    const retry = error.details?.retryAfterSeconds;
    const { format } = exchange;
    const isProtobuf = format?.encoding === "protobuf";
    exchange.head(error.code, {
      "content-type": isProtobuf ? PROTOBUF_TYPE : "application/json",
      ...(retry === undefined ? {} : { "retry-after": String(retry) }),
    });
    const status = error.toStatus();
    (response as ServerResponse).end(isProtobuf ? format.codec.encode(status) : `${JSON.stringify(status)}\n`);
  }
}

const streamOf = (response: RawResponse): ServerResponse | Http2Response["stream"] =>
  "stream" in response ? response.stream : response;

function bodyStreamOf(request: RawRequest): Readable | undefined {
  if ("stream" in request) return request.stream.endAfterHeaders ? undefined : request.stream;
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return (length === undefined || length === "0") && encoding === undefined ? undefined : request;
}

/** One request and its answer. */
export class Exchange {
  readonly request: RawRequest;
  readonly response: RawResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  info: RequestInfo | undefined;
  /** Known once it is negotiated. */
  format: Format | undefined;
  deadline = Date.now() + REQUEST_TIMEOUT_MS;
  onCut: (() => void) | undefined;
  onTimeout: (() => void) | undefined;
  /** Its place among the requests of its priority level. */
  ticket: Ticket | undefined;
  /** Of the answer. */
  bodyBytes = 0;
  readonly timeoutMs = REQUEST_TIMEOUT_MS;
  /** It has its whole answer, a 504. */
  timedOut = false;
  #warnings: string[] | undefined;
  #controller: AbortController | undefined;

  constructor(request: RawRequest, response: RawResponse) {
    this.request = request;
    this.response = response;
    const url = request.url ?? "/";
    const at = url.indexOf("?");
    this.path = at < 0 ? url : url.slice(0, at);
    this.query = new URLSearchParams(at < 0 ? NO_QUERY : url.slice(at + 1));
  }

  get gone(): boolean {
    return this.response.destroyed || this.request.destroyed;
  }

  /** Made when somebody waits on it; most requests are answered before anybody does. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      this.response.once("close", () => this.#controller?.abort(GONE));
    }
    return this.#controller.signal;
  }

  warn(text: string): void {
    this.#warnings ??= [];
    if (!this.#warnings.includes(text)) this.#warnings.push(text);
  }

  head(status: number, headers: Readonly<Record<string, string | string[]>>): void {
    const all: Record<string, string | string[]> = {
      "audit-id": randomUUID(),
      "cache-control": "no-cache, private",
      ...headers,
    };
    if (this.ticket !== undefined) {
      const { uid, level } = this.ticket.flow;
      all["x-kubernetes-pf-flowschema-uid"] = uid;
      all["x-kubernetes-pf-prioritylevel-uid"] = level.uid;
    }
    if (this.#warnings !== undefined)
      all["warning"] = this.#warnings.map(
        (text) => `299 - "${text.replace(/[\\"]/g, "\\$&").replace(/[^\x20-\x7e]/g, "?")}"`,
      );
    (this.response as ServerResponse).writeHead(status, all);
  }

  cut(why: "timeout" | "drain"): void {
    if (why === "drain") {
      this.onCut?.();
      return;
    }
    if (!this.response.headersSent) {
      this.timedOut = true;
      const error = new ApiError(504, "Timeout", "Timeout: request did not complete within the allotted timeout", {});
      this.head(504, { "content-type": "application/json" });
      (this.response as ServerResponse).end(`${JSON.stringify(error.toStatus())}\n`);
    }
    this.#controller?.abort(GONE);
    this.onTimeout?.();
  }

  finished(): void {
    this.#controller?.abort(GONE);
  }
}

/** Documents choose their own form; only resources are negotiated here. */
function negotiatePlainly({ headers: { accept } }: RawRequest, info: RequestInfo): Format | undefined {
  if (!info.isResource || STREAMS.has(info.subresource)) return negotiate(undefined);
  return accept?.includes("protobuf") === true ? undefined : negotiate(accept);
}

/** With protobuf, whose table is loaded for the first caller that asks for it. @throws 406 */
async function negotiateFor({ headers: { accept } }: RawRequest, info: RequestInfo): Promise<Format> {
  const codec = await loadProtobufCodec();
  const wholeObjects = codec.serves(apiVersionOf(info));
  const format = negotiate(accept, { codec, wholeObjects });
  if (format !== undefined) return format;
  const types = `application/json, application/yaml${wholeObjects ? `, ${PROTOBUF_TYPE}` : ""}`;
  throw new ApiError(406, "NotAcceptable", `only the following media types are accepted: ${types}`);
}
const STREAMS = new Set(["log", "exec", "attach", "portforward", "proxy"]);

async function send(
  exchange: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
  peer: Peer,
): Promise<void> {
  const { request, response } = exchange;
  if (response.headersSent || response.destroyed) return;
  let bytes = body;
  let encoding: Readonly<Record<string, string>> = {};
  // On loopback compressing takes longer than sending.
  if (
    body.length > GZIP_BYTES &&
    !peer.isLoopback &&
    headers["content-encoding"] === undefined &&
    /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""))
  ) {
    bytes = await compress(body, { level: constants.Z_BEST_SPEED });
    encoding = { "content-encoding": "gzip", vary: "Accept-Encoding" };
  }
  const buffer = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  exchange.bodyBytes = buffer.byteLength;
  exchange.head(status, { ...headers, ...encoding, "content-length": String(buffer.byteLength) });
  const raw = response as ServerResponse;
  if (request.method === "HEAD" || status === 304) raw.end();
  else raw.end(buffer);
}
