import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import fastify, { type FastifyReply, type FastifyRequest } from "fastify";
import type { Logger } from "#pkg/log/index.ts";
import type { FlowController } from "../flowcontrol/index.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Route } from "../types.ts";
import type { YamlCodec } from "../yaml/index.ts";
import { gauges, type ServerState } from "./gauges.ts";
import { Http2Request, Http2Response } from "./http2-exchange.ts";
import { IdleSessions } from "./idle-sessions.ts";
import type { InFlight } from "./in-flight.ts";
import type { RawResponse } from "./exchange.ts";
import { RequestHandler, type RequestHandlerOptions } from "./request-handler.ts";
import type { RequestMetrics } from "./request-metrics.ts";
import type { RawRequest } from "./peer.ts";
import { UpgradeHandling } from "./upgrade.ts";

const DRAIN_MS = 10_000;
const HEADERS_TIMEOUT_MS = 32_000;
/** Upstream's idle timeout: clients that keep a connection must not meet its end just when they use it again. */
const IDLE_TIMEOUT_MS = 90_000;
/**
 * Upstream takes 1 MB. Node's parser copies what it has of a header with each piece of it that comes: a megabyte in single
 * letters would keep this thread for most of a minute, this much for a second.
 */
const MAX_HEADER_BYTES = 256 * 1024;
/**
 * What HTTP/2 takes without fail, and says so: a header frame of 16 KB and the 8 that nghttp2 lets follow. More would end
 * the connection with all that is on it, as does one field of 64 KB after compression.
 */
const MAX_HEADER_LIST_BYTES = 9 * 16 * 1024;
/** Fields of one request; whoever impersonates a user may name many groups. */
const MAX_HEADERS = 2_000;
/** Node's types do not know them here. */
const http1Limits = (idleTimeoutMs: number): object => ({
  headersTimeout: HEADERS_TIMEOUT_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  keepAliveTimeout: idleTimeoutMs,
  connectionsCheckingInterval: 5_000,
});

const noCompiler = (): never => {
  throw new Error("Routes of the API server have no schemas");
};
/** The compilers that fastify loads otherwise, for nothing here, take 20 ms of the start, and memory. */
const NO_COMPILERS = { buildValidator: noCompiler, buildSerializer: noCompiler };

export interface TlsFiles {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** Authorities of client certificates, PEM. */
  readonly clientAuthorities: string;
  /** Authorities of front proxies, PEM: their certificates speak for the users that headers name. */
  readonly frontProxyAuthorities?: string;
}

export interface ListenerOptions {
  readonly pipeline: Pipeline;
  readonly authenticate: RequestHandlerOptions["authenticate"];
  readonly tls: TlsFiles;
  readonly metrics: RequestMetrics;
  readonly inFlight: InFlight;
  readonly flow: FlowController;
  readonly yaml: YamlCodec;
  readonly log: Logger;
  /** How long connections may be of no use; 90 seconds where absent. */
  readonly idleTimeoutMs?: number;
}

/** The HTTPS side of the API server: HTTP/2 and HTTP/1.1 on one port. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #app;
  readonly #sessions: IdleSessions;
  readonly #sockets = new Set<Duplex>();
  #server: Http2SecureServer | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { idleTimeoutMs = IDLE_TIMEOUT_MS, inFlight } = options;
    this.#sessions = new IdleSessions({ idleTimeoutMs, inFlight });
    const handler = new RequestHandler(options);
    const upgrades = new UpgradeHandling({ pipeline: options.pipeline, handler, log: options.log });
    const answer = (request: FastifyRequest, reply: FastifyReply): void => {
      reply.hijack();
      void handler.handle(request.raw as unknown as RawRequest, reply.raw as unknown as RawResponse);
    };
    const app = fastify({
      logger: false,
      http2: true,
      schemaController: { compilersFactory: NO_COMPILERS },
      // Paths and methods that its router does not like get a Status as any others.
      frameworkErrors: (_, request, reply) => answer(request as never, reply as never),
      serverFactory: (listen) => {
        this.#server = createServer({ tls: options.tls, idleTimeoutMs }, listen as never);
        serveStreams(this.#server, handler);
        this.#track(this.#server, upgrades);
        return this.#server;
      },
    });
    // The pipeline reads bodies itself and answers on the raw response: fastify's own parsing and sending stay out of it.
    app.all("/*", {
      onRequest: (request, reply) => answer(request as never, reply as never),
      handler: () => {},
    });
    app.setNotFoundHandler((request, reply) => answer(request as never, reply as never));
    this.#app = app;
  }

  /** Resolves to the port. */
  async listen(at: { readonly host: string; readonly port: number }): Promise<number> {
    await this.#app.listen(at);
    const bound = this.#server?.address() as AddressInfo;
    return bound.port;
  }

  /** New connections use these from now on; open ones go on. */
  renew(tls: TlsFiles): void {
    this.#server?.setSecureContext({ cert: tls.cert, key: tls.key, ca: authorities(tls) });
  }

  /** Takes no new connections, ends watches, lets requests finish for a bounded time, then closes what is left. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#server?.listening === true) this.#server.close(() => resolve());
      else resolve();
    });
    await this.#options.inFlight.drain(DRAIN_MS);
    this.#sessions.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await this.#app.close();
  }

  #track(server: Http2SecureServer, upgrades: UpgradeHandling): void {
    server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("error", () => session.destroy());
    });
    server.on("secureConnection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void upgrades.handle(request, socket, head);
    });
  }
}

function createServer(
  { tls, idleTimeoutMs }: { readonly tls: TlsFiles; readonly idleTimeoutMs: number },
  listen: (request: RawRequest, response: RawResponse) => void,
): Http2SecureServer {
  const server = createSecureServer(
    {
      cert: tls.cert,
      key: tls.key,
      ca: authorities(tls),
      allowHTTP1: true,
      requestCert: true,
      // Callers without a certificate may have a token; a wrong certificate is refused when its request comes.
      rejectUnauthorized: false,
      minVersion: "TLSv1.2",
      settings: { maxConcurrentStreams: 250, initialWindowSize: 1 << 20, maxHeaderListSize: MAX_HEADER_LIST_BYTES },
      maxHeaderListPairs: MAX_HEADERS,
      // What waits to be sent counts here too, and one list may be large.
      maxSessionMemory: 1_000,
      streamResetBurst: 10_000,
      streamResetRate: 1_000,
      // As upstream's ReadHeaderTimeout; whole requests are bounded by their deadline.
      handshakeTimeout: HEADERS_TIMEOUT_MS,
      ...http1Limits(idleTimeoutMs),
    },
    listen as never,
  );
  return Object.assign(server, { maxHeadersCount: MAX_HEADERS });
}

/** All whom the handshake trusts; which of them signed decides what the certificate is good for. */
const authorities = ({ clientAuthorities, frontProxyAuthorities }: TlsFiles): string[] =>
  frontProxyAuthorities === undefined ? [clientAuthorities] : [clientAuthorities, frontProxyAuthorities];

/** Answers HTTP/2 on its streams; fastify gets what comes over HTTP/1.1. */
function serveStreams(server: Http2SecureServer, handler: RequestHandler): void {
  // Node's listener, which would make a "request" of each stream.
  server.removeAllListeners("stream");
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
    void handler.handle(new Http2Request(stream, headers, raw), new Http2Response(stream));
  });
}

/** /metrics of this listener; `stored` tells what the server keeps. */
export function metricsRoute(
  metrics: RequestMetrics,
  inFlight: InFlight,
  stored: () => Promise<Pick<ServerState, "objects" | "storeBytes"> & { readonly more: readonly string[] }>,
): Route {
  return {
    name: "metrics",
    matches: (info) => !info.isResource && info.path === "/metrics",
    handle: async () => {
      const { more, ...state } = await stored();
      return {
        kind: "bytes",
        status: 200,
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
        body: await metrics.text([...gauges({ flights: inFlight, ...state }), ...more]),
      };
    },
  };
}
