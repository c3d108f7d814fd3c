import { type IncomingMessage, ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { ApiError, badRequest, internalError } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { Pipeline } from "../pipeline.ts";
import { authorizedInfo, requestInfoOf } from "../request-info.ts";
import { endSoon } from "../streaming/write-response.ts";
import type { Reply, RequestContext, WatchSink } from "../types.ts";
import { Exchange } from "./exchange.ts";
import { formatOf } from "./negotiate.ts";
import type { RequestHandler } from "./request-handler.ts";
import { endOfWatch, eventEncoder } from "./watch-stream.ts";
import { takeBearerProtocol } from "./websocket-bearer.ts";

const MAX_WAITING_BYTES = 64 << 20;
/** Whoever watches has nothing to say but to go. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/** Answers HTTP/1.1 Upgrade requests: a route's own handler, or a watch over WebSocket. */
export class UpgradeHandling {
  readonly #options: { readonly pipeline: Pipeline; readonly handler: RequestHandler; readonly log: Logger };
  readonly #webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES });

  constructor(options: { readonly pipeline: Pipeline; readonly handler: RequestHandler; readonly log: Logger }) {
    this.#options = options;
  }

  async handle(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => socket.destroy());
    const { pipeline, handler, log } = this.#options;
    const controller = new AbortController();
    socket.once("close", () => controller.abort());
    // Nobody reads yet, and who does not read does not hear that the caller left.
    socket.once("end", () => controller.abort());
    socket.read(0);
    try {
      takeBearerProtocol(request.headers);
      const exchange = new Exchange(request, new ServerResponse(request), handler.auditIds.next());
      const info = requestInfoOf(request.method ?? "GET", exchange.path, exchange.query);
      const plain = await handler.contextOf(exchange, info);
      const context: RequestContext = {
        method: plain.method,
        path: plain.path,
        query: plain.query,
        rawQuery: exchange.rawQuery,
        headers: plain.headers,
        user: plain.user,
        signal: controller.signal,
        body: async () => undefined,
        warn: () => {},
        info,
      };
      await pipeline.authorize(context.user, authorizedInfo(info, context.query));
      const route = pipeline.route(info);
      if (route?.connects === true) await pipeline.admitConnect(context);
      if (route?.upgrade !== undefined) await route.upgrade(context, request, socket, head);
      else if (info.verb === "watch" && request.headers.upgrade?.toLowerCase() === "websocket")
        await this.#watch(exchange, context, socket, head);
      else throw badRequest("Upgrade request required for another path");
    } catch (err) {
      if (!(err instanceof ApiError)) log.error("upgrade failed", { err, path: request.url });
      refuse(socket, err instanceof ApiError ? err : internalError("the connection could not be upgraded"));
    }
  }

  /** Each event is a message: text, or binary where the caller wants protobuf. */
  async #watch(exchange: Exchange, context: RequestContext, socket: Duplex, head: Buffer): Promise<void> {
    const { handler, pipeline } = this.#options;
    const leave = (): void => handler.leaveSeat(exchange);
    socket.once("close", leave);
    try {
      await handler.takeSeat(exchange, context);
      await this.#startWatch(
        exchange.request as IncomingMessage,
        context,
        await pipeline.answer(context),
        socket,
        head,
      );
    } finally {
      leave();
    }
  }

  async #startWatch(
    request: IncomingMessage,
    context: RequestContext,
    reply: Reply,
    socket: Duplex,
    head: Buffer,
  ): Promise<void> {
    const { query, headers, info } = context;
    const accept = Array.isArray(headers.accept) ? headers.accept.join(",") : headers.accept;
    const format = await formatOf(accept, info);
    if (reply.kind !== "watch") throw badRequest("not a watch");
    const encode = eventEncoder(reply.definition, format, query, this.#options.handler.encodedEvents);
    const binary = format.encoding === "protobuf";
    this.#webSockets.handleUpgrade(request, socket, head, (client) => {
      // A frame that is none: "close" follows, and ends the watch.
      client.on("error", () => client.terminate());
      const sink: WatchSink = {
        send(event) {
          if (client.readyState !== client.OPEN || client.bufferedAmount > MAX_WAITING_BYTES) return false;
          client.send(encode(event), { binary });
          return true;
        },
        end: () => client.close(),
      };
      const stop = reply.start(sink);
      const timer = endOfWatch(query, () => sink.end());
      client.once("close", () => {
        clearTimeout(timer);
        stop();
      });
    });
  }
}

/** An error before the protocol was switched is plain HTTP. */
function refuse(socket: Duplex, error: ApiError): void {
  if (socket.destroyed || !socket.writable) return;
  const body = `${JSON.stringify(error.toStatus())}\n`;
  endSoon(socket);
  socket.end(
    `HTTP/1.1 ${error.code} ${STATUS_CODES[error.code] ?? ""}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
