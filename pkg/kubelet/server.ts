import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { Client } from "#pkg/client/index.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { KubeletAuthenticator } from "./server/authenticator.ts";
import { KubeletAuthorizer } from "./server/authorizer.ts";
import { containerLogsRoute } from "./server/container-logs.ts";
import { configzRoute, healthzRoute, podsRoute, runningPodsRoute } from "./server/documents.ts";
import { type Gate, handleRequest, handleUpgrade } from "./server/handle.ts";
import { metricsRoute, resourceMetricsRoute } from "./server/metrics.ts";
import { runRoute } from "./server/run.ts";
import { statsSummaryRoute } from "./server/stats-summary.ts";
import { attachRoute, execRoute, portForwardRoute } from "./server/streams.ts";
import type { Route } from "./server/types.ts";
import { UsageCollector } from "./server/usage-collector.ts";
import type { PodStatusProvider } from "./types.ts";

/** PEM texts. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  /** Whose client certificates are believed. */
  readonly clientCa: string;
}

export interface KubeletServerParts {
  readonly client: Client;
  readonly cri: Pick<CriClient, "runtime">;
  readonly log: Logger;
  readonly nodeName: string;
  readonly status: PodStatusProvider;
  /** The kubelet's directory: its filesystem is the node's in statistics. */
  readonly root: string;
  /** Asked now and then: another object means renewed certificates. */
  readonly tls: () => ServerTls;
  /** "0.0.0.0" */
  readonly address: string;
  /** 10250; 0 takes a free one (tests). */
  readonly port: number;
  /** 10248 on 127.0.0.1; 0 takes a free one, undefined none. */
  readonly healthPort?: number;
  /** Shown at /configz. */
  readonly config: object;
  /** Who may do what; asks the API server unless told (tests). */
  readonly gate?: Gate;
}

const TLS_CHECK_MS = 60_000;
/** How long running answers have to end when the server stops. */
const DRAIN_MS = 1_000;

/** The kubelet's HTTPS API: logs, exec, attach, port-forward, statistics. */
export class KubeletServer {
  readonly #parts: KubeletServerParts;
  readonly #connections = new Set<Duplex>();
  readonly #listening = Promise.withResolvers<{ readonly port: number; readonly healthPort: number | undefined }>();

  constructor(parts: KubeletServerParts) {
    this.#parts = parts;
    this.#listening.promise.catch(() => undefined);
  }

  /** The ports, once they listen. */
  get listening(): Promise<{ readonly port: number; readonly healthPort: number | undefined }> {
    return this.#listening.promise;
  }

  /** Listens until the signal aborts; rejects when a port is taken. */
  async start(signal: AbortSignal): Promise<void> {
    const { address, client, healthPort, log, nodeName, port, status, tls } = this.#parts;
    const gate = this.#parts.gate ?? {
      authenticator: new KubeletAuthenticator({ client }),
      authorizer: new KubeletAuthorizer({ client, nodeName }),
    };
    let current = tls();
    const options = { requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.2" } as const;
    const server = createHttpsServer({ ...options, ...contextOf(current) });
    this.#serve(server, { routes: this.#routes(), gate, log }, signal);
    const health = healthPort === undefined ? undefined : createHttpServer();
    if (health !== undefined) this.#serve(health, { routes: [healthzRoute({ status })], log }, signal);
    try {
      await listen(server, address, port);
      if (health !== undefined) await listen(health, "127.0.0.1", healthPort ?? 0);
    } catch (err) {
      server.close();
      this.#listening.reject(err);
      throw err;
    }
    this.#listening.resolve({ port: portOf(server), healthPort: health && portOf(health) });
    log.info("kubelet API listens", { address, port: portOf(server) });
    const renewal = setInterval(() => {
      const now = tls();
      if (now === current) return;
      current = now;
      server.setSecureContext(contextOf(now));
      log.info("kubelet certificate renewed");
    }, TLS_CHECK_MS);
    if (!signal.aborted) {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    }
    clearInterval(renewal);
    await Promise.all(
      [this.#stop(server), health === undefined ? undefined : this.#stop(health)].filter((stop) => stop !== undefined),
    );
  }

  #routes(): readonly Route[] {
    const parts = { ...this.#parts, usage: new UsageCollector(this.#parts) };
    return [
      podsRoute(parts),
      runningPodsRoute(parts),
      containerLogsRoute(parts),
      execRoute(parts),
      attachRoute(parts),
      portForwardRoute(parts),
      runRoute(parts),
      healthzRoute(parts),
      metricsRoute(parts),
      resourceMetricsRoute(parts),
      statsSummaryRoute(parts),
      configzRoute(parts),
    ];
  }

  #serve(server: Server | HttpsServer, parts: Parameters<typeof handleRequest>[0], stop: AbortSignal): void {
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      const gone = new AbortController();
      response.on("close", () => gone.abort());
      void handleRequest(parts, request, response, AbortSignal.any([stop, gone.signal]));
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
      void handleUpgrade(parts, request, socket, head, stop);
    });
    // A caller that breaks TLS or HTTP is not worth a line.
    server.on("clientError", (_err, socket) => socket.destroy());
    server.on("tlsClientError", () => undefined);
  }

  async #stop(server: Server | HttpsServer): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const destroy = setTimeout(() => {
      server.closeAllConnections();
      for (const socket of this.#connections) socket.destroy();
    }, DRAIN_MS);
    server.closeIdleConnections();
    for (const socket of this.#connections) socket.end();
    await closed;
    clearTimeout(destroy);
  }
}

const contextOf = ({ cert, key, clientCa }: ServerTls) => ({ cert, key, ca: clientCa });

function portOf(server: Server | HttpsServer): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listen(server: Server | HttpsServer, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (err: NodeJS.ErrnoException) => {
      reject(new Error(`The kubelet cannot listen on ${host}:${port}: ${err.code ?? err.message}`, { cause: err }));
    });
    server.listen(port, host, resolve);
  });
}
