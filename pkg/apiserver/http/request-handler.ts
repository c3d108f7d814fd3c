import type { ServerResponse } from "node:http";
import { pipeline as pipeStreams } from "node:stream/promises";
import { Readable } from "node:stream";
import { ApiError, internalError } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { FlowController } from "../flowcontrol/index.ts";
import type { Pipeline } from "../pipeline.ts";
import { requestInfoOf } from "../request-info.ts";
import type { Reply, RequestContext, RequestInfo, ServedEvent, UserInfo } from "../types.ts";
import type { YamlCodec } from "../yaml/index.ts";
import { AuditIds } from "./audit-ids.ts";
import { readWholeBody } from "./body.ts";
import { Exchange, type RawResponse } from "./exchange.ts";
import type { Http2Response } from "./http2-exchange.ts";
import { impersonated, wantsImpersonation } from "./impersonation.ts";
import { type InFlight, REQUEST_TIMEOUT_MS } from "./in-flight.ts";
import { type Format, formatOf, isStream, JSON_OBJECT } from "./negotiate.ts";
import { PeerTable, type RawRequest } from "./peer.ts";
import { isPretty, render, type Rendered } from "./render.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import { requestTimeoutOf } from "./request-timeout.ts";
import { send } from "./send.ts";
import { endOfWatch, eventEncoder, watchContentType, WatchStream } from "./watch-stream.ts";

/** Answers that are at least this large keep their seats until they are taken. */
const HELD_BYTES = 64 * 1024;
/** A request may wait for its seat for a part of its time. */
const WAITING_PART = 1 / 4;

export interface RequestHandlerOptions {
  readonly pipeline: Pipeline;
  readonly authenticate: (request: {
    readonly headers: RequestContext["headers"];
    readonly peerCertificate: Uint8Array | undefined;
    readonly rawHeaders?: readonly string[];
  }) => UserInfo | Promise<UserInfo>;
  readonly inFlight: InFlight;
  readonly flow: FlowController;
  readonly yaml: YamlCodec;
  readonly metrics: RequestMetrics;
  readonly log: Logger;
}

/** Answers HTTP requests of either version through the pipeline. */
export class RequestHandler {
  readonly #options: RequestHandlerOptions;
  readonly #peers = new PeerTable();
  readonly auditIds = new AuditIds();
  /** Events in protobuf: encoded once, for all who watch. */
  readonly encodedEvents = new WeakMap<ServedEvent, Uint8Array>();

  constructor(options: RequestHandlerOptions) {
    this.#options = options;
  }

  async handle(request: RawRequest, response: RawResponse): Promise<void> {
    const exchange = new Exchange(request, response, this.auditIds.next());
    const { inFlight, metrics, log } = this.#options;
    inFlight.add(exchange);
    try {
      // Nothing is waited for that is there: a read of the cache is answered in the turn in which it came.
      const info = this.#begin(exchange);
      const sender = this.contextOf(exchange, info);
      const context = sender instanceof Promise ? await sender : sender;
      // Streams last as long as their callers want, and are never seated.
      if (!isStream(info)) {
        const turn = this.takeSeat(exchange, context);
        if (turn !== undefined) await turn;
      }
      const wanted = formatOf(request.headers.accept, info);
      const format =
        wanted instanceof Promise ? await wanted.catch((err: unknown) => this.#formOfRoute(info, err)) : wanted;
      exchange.format = format;
      const answer = this.#options.pipeline.handle(context);
      const sent = this.#reply(exchange, answer instanceof Promise ? await answer : answer, format);
      if (sent !== undefined) await sent;
    } catch (err) {
      await this.#fail(exchange, err).catch((failure: unknown) => {
        log.error("request could not be answered", { err: failure, method: request.method, path: exchange.path });
        response.destroy();
      });
    } finally {
      inFlight.delete(exchange);
      exchange.finished();
      this.#giveSeatBack(exchange);
      metrics.observe(exchange);
    }
  }

  /** The request as the pipeline wants it, its sender known. @throws 401, 403, also at once */
  contextOf(exchange: Exchange, info: RequestInfo): RequestContext | Promise<RequestContext> {
    const { headers, rawHeaders } = exchange.request;
    const { authenticate, metrics } = this.#options;
    const peerCertificate = this.#peers.of(exchange.request).certificate;
    let user: UserInfo | Promise<UserInfo>;
    try {
      user = authenticate({ headers, peerCertificate, rawHeaders });
    } catch (err) {
      metrics.access.failed();
      throw err;
    }
    if (user instanceof Promise || wantsImpersonation(headers)) return this.#lateContextOf(exchange, info, user);
    metrics.access.succeeded(user);
    return new HttpContext(exchange, info, user);
  }

  async #lateContextOf(
    exchange: Exchange,
    info: RequestInfo,
    sender: UserInfo | Promise<UserInfo>,
  ): Promise<RequestContext> {
    const { headers, rawHeaders, url } = exchange.request;
    const { metrics, pipeline } = this.#options;
    let user: UserInfo;
    try {
      user = await sender;
    } catch (err) {
      metrics.access.failed();
      throw err;
    }
    metrics.access.succeeded(user);
    if (wantsImpersonation(headers)) user = await impersonated({ headers, rawHeaders, url }, user, pipeline);
    return new HttpContext(exchange, info, user);
  }

  /** What the request is about, and how long it may take. @throws 400 */
  #begin(exchange: Exchange): RequestInfo {
    const { request, query } = exchange;
    const info = requestInfoOf(request.method ?? "GET", exchange.path, query);
    exchange.info = info;
    if (isStream(info)) exchange.becomeLongRunning();
    else if (info.verb !== "watch") {
      const timeoutMs = requestTimeoutOf(query);
      if (timeoutMs !== undefined) exchange.limitTo(timeoutMs);
    }
    return info;
  }

  /** What this server cannot encode, another whose answer is handed on may. */
  #formOfRoute(info: RequestInfo, err: unknown): Format {
    if (this.#options.pipeline.route(info) === undefined) throw err;
    return JSON_OBJECT;
  }

  #reply(exchange: Exchange, reply: Reply, format: Format): Promise<void> | undefined {
    const { query, request } = exchange;
    switch (reply.kind) {
      case "view":
      case "list":
      case "object": {
        const pretty = isPretty(query, request.headers["user-agent"]);
        const rendered = render(reply, format, exchange, pretty, this.#options.yaml);
        if (rendered instanceof Promise) return this.#sendLater(exchange, rendered);
        return send(exchange, rendered.status, { "content-type": rendered.contentType }, rendered.body);
      }
      case "bytes":
        return send(exchange, reply.status, reply.headers, reply.body);
      case "stream":
        return this.#stream(exchange, reply);
      case "watch":
        exchange.becomeLongRunning();
        return this.#watch(exchange, reply, format);
    }
  }

  async #sendLater(exchange: Exchange, rendered: Promise<Rendered>): Promise<void> {
    const { status, contentType, body } = await rendered;
    await send(exchange, status, { "content-type": contentType }, body);
  }

  async #stream(exchange: Exchange, reply: Extract<Reply, { kind: "stream" }>): Promise<void> {
    const { response } = exchange;
    // What another server answers has its time too, unless it is a watch, which from here on costs nothing.
    if (exchange.info?.verb === "watch") {
      exchange.becomeLongRunning();
      this.leaveSeat(exchange);
    }
    exchange.head(reply.status, reply.headers);
    // A log may stay silent for long; its reader is told at once that there is one.
    if ("flushHeaders" in response) response.flushHeaders();
    return pipeStreams(reply.body instanceof Readable ? reply.body : Readable.from(reply.body), streamOf(response));
  }

  async #watch(exchange: Exchange, reply: Extract<Reply, { kind: "watch" }>, format: Format): Promise<void> {
    const { response, query } = exchange;
    const { promise, resolve } = Promise.withResolvers<void>();
    const encode = eventEncoder(reply.definition, format, query, this.encodedEvents);
    exchange.head(200, { "content-type": watchContentType(format) });
    // Clients wait for the header before they believe that the watch has begun.
    if ("flushHeaders" in response) response.flushHeaders();
    const counter = this.#options.metrics.watchCounter(reply.definition);
    const sink = new WatchStream(streamOf(response), encode, counter);
    const stop = reply.start(sink);
    // Its first events are on their way: from here on it costs what its events cost.
    this.leaveSeat(exchange);
    exchange.onCut = () => sink.end();
    const timer = endOfWatch(query, exchange.onCut);
    if ("ignoreBody" in response) response.ignoreBody();
    response.once("close", resolve);
    response.once("finish", resolve);
    if (response.destroyed) resolve();
    await promise;
    clearTimeout(timer);
    stop();
  }

  /** Takes the request's place in its priority level; undefined when it need not wait. @throws 429 */
  takeSeat(exchange: Exchange, { user, info, query }: RequestContext): Promise<void> | undefined {
    const { flow } = this.#options;
    const ticket = flow.enter(user, info, query, performance.now());
    exchange.ticket = ticket;
    const turn = flow.start(ticket, exchange.timeoutMs * WAITING_PART);
    if (turn !== undefined) exchange.response.once("close", () => flow.leave(ticket));
    return turn;
  }

  /** A watch has begun, or will not. */
  leaveSeat({ ticket }: Exchange): void {
    if (ticket !== undefined) this.#options.flow.leave(ticket);
  }

  /**
   * Upstream's handler returns when its answer is written, and Node's when it is handed over: a large answer keeps its
   * seat until the caller has taken it, or has had its time.
   */
  #giveSeatBack({ ticket, response, bodyBytes }: Exchange): void {
    if (ticket === undefined) return;
    const { flow } = this.#options;
    if (bodyBytes < HELD_BYTES || response.destroyed) {
      flow.leave(ticket);
      return;
    }
    if ("ignoreBody" in response) response.ignoreBody();
    const timer = setTimeout(() => flow.leave(ticket), REQUEST_TIMEOUT_MS);
    timer.unref();
    response.once("close", () => {
      clearTimeout(timer);
      flow.leave(ticket);
    });
  }

  async #fail(exchange: Exchange, err: unknown): Promise<void> {
    const { response, request, info, query } = exchange;
    if (response.headersSent || response.destroyed) {
      if (!exchange.timedOut) response.destroy();
      return;
    }
    let error: ApiError;
    if (err instanceof ApiError) error = err;
    else {
      if (exchange.gone) return;
      this.#options.log.error("request failed", { err, method: request.method, path: exchange.path });
      error = internalError(err instanceof Error ? err.message : String(err));
    }
    // An answer in what was asked for, also where the request did not come so far as to look at it.
    const format = exchange.format ?? (await wantedFormat(request.headers.accept, info));
    const reply = { kind: "object", status: error.code, object: error.toStatus() } as const;
    const pretty = isPretty(query, request.headers["user-agent"]);
    const { contentType, body } = await render(reply, format, exchange, pretty, this.#options.yaml);
    // Some errors are the words of others: webhooks, extension servers.
    const retry = Number(error.details?.retryAfterSeconds ?? 0);
    const headers = { "content-type": contentType, ...(retry > 0 ? { "retry-after": String(retry) } : {}) };
    await send(exchange, isStatusCode(error.code) ? error.code : 500, headers, body);
  }
}

/** The request as the pipeline sees it. */
class HttpContext implements RequestContext {
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly headers: RequestContext["headers"];
  readonly query: URLSearchParams;
  readonly #exchange: Exchange;

  constructor(exchange: Exchange, info: RequestInfo, user: UserInfo) {
    this.#exchange = exchange;
    this.info = info;
    this.user = user;
    this.headers = exchange.request.headers;
    this.query = exchange.query;
  }

  get method(): string {
    return this.#exchange.request.method ?? "GET";
  }

  get path(): string {
    return this.#exchange.path;
  }

  get rawQuery(): string {
    return this.#exchange.rawQuery;
  }

  get signal(): AbortSignal {
    return this.#exchange.signal;
  }

  body(): Promise<Uint8Array> {
    const { request } = this.#exchange;
    const stream = "stream" in request ? request.stream : request;
    return readWholeBody(stream, request.headers["content-length"], this.#exchange);
  }

  bodyStream(): Readable | undefined {
    return bodyStreamOf(this.#exchange.request);
  }

  readonly warn = (text: string): void => this.#exchange.warn(text);
}

/** What HTTP/2 can answer with. */
const isStatusCode = (code: number): boolean => Number.isInteger(code) && code >= 200 && code <= 599;

const JSON_FORMAT: Format = { encoding: "json", as: "object", version: "v1" };

/** What the caller asked for; JSON where that cannot be. */
async function wantedFormat(accept: string | undefined, info: RequestInfo | undefined): Promise<Format> {
  try {
    return info === undefined ? JSON_FORMAT : await formatOf(accept, info);
  } catch {
    return JSON_FORMAT;
  }
}

const streamOf = (response: RawResponse): ServerResponse | Http2Response["stream"] =>
  "stream" in response ? response.stream : response;

function bodyStreamOf(request: RawRequest): Readable | undefined {
  if ("stream" in request) return request.stream.endAfterHeaders ? undefined : request.stream;
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return (length === undefined || length === "0") && encoding === undefined ? undefined : request;
}
