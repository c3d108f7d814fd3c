import * as http from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "#pkg/log/index.ts";
import { isStale } from "./stale-connection.ts";
import type { KubeletTls, Location, StreamingOptions } from "./types.ts";

export interface BackendRequest {
  readonly method: string;
  readonly headers: http.OutgoingHttpHeaders;
  /** Sends the body and ends the request; without it there is none. */
  readonly send?: (outgoing: http.ClientRequest) => void;
  readonly signal?: AbortSignal;
}

/** The answer to an Upgrade request: the connection when the backend switched protocols, else its response. */
export type UpgradeAnswer =
  | { readonly upgraded: true; readonly response: http.IncomingMessage; readonly socket: Duplex; readonly head: Buffer }
  | { readonly upgraded: false; readonly response: http.IncomingMessage };

const CONNECT_TIMEOUT_MS = 30_000;
const IDLE_SOCKETS = 16;

/** Makes connections to kubelets, pods and service endpoints; keeps idle ones. Redirects are never followed. */
export class Backend {
  readonly #kubeletTls: () => KubeletTls;
  readonly #log: Logger;
  readonly #http = new http.Agent({ keepAlive: true, maxFreeSockets: IDLE_SOCKETS });
  // As upstream: a pod's certificate has no authority that we could know.
  readonly #https = new https.Agent({ keepAlive: true, maxFreeSockets: IDLE_SOCKETS, rejectUnauthorized: false });
  #kubelet: { readonly tls: KubeletTls; readonly agent: https.Agent } | undefined;

  constructor({ kubeletTls, log }: Pick<StreamingOptions, "kubeletTls" | "log">) {
    this.#kubeletTls = kubeletTls;
    this.#log = log;
  }

  /** Resolves with the head of the response; its body is still to be read or destroyed. Rejects with the socket's error. */
  async request(location: Location, request: BackendRequest): Promise<http.IncomingMessage> {
    for (;;) {
      const outgoing = this.#start(location, request, this.#agentOf(location));
      try {
        return await this.#answerTo(outgoing, request);
      } catch (err) {
        if (request.signal?.aborted === true || !isStale(outgoing, err)) throw err;
      }
    }
  }

  async #answerTo(outgoing: http.ClientRequest, request: BackendRequest): Promise<http.IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
    // The backend may insist on switching protocols that nobody asked for.
    outgoing.once("upgrade", (_response, socket) => {
      socket.destroy();
      reject(new Error("unexpected upgrade"));
    });
    if (request.send === undefined) outgoing.end();
    else request.send(outgoing);
    return promise;
  }

  /** Sends an Upgrade request on a connection of its own. */
  async upgrade(location: Location, { signal, ...request }: BackendRequest): Promise<UpgradeAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<UpgradeAnswer>();
    const outgoing = this.#start(location, request, false);
    outgoing.once("response", (response) => resolve({ upgraded: false, response }));
    outgoing.once("upgrade", (response, socket, head) => resolve({ upgraded: true, response, socket, head }));
    outgoing.on("error", reject);
    // Only until there is an answer: what then comes through the connection ends with it.
    const giveUp = (): void => void outgoing.destroy(new Error("context canceled"));
    signal?.addEventListener("abort", giveUp, { once: true });
    if (signal?.aborted === true) giveUp();
    outgoing.end();
    try {
      return await promise;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #start(location: Location, request: BackendRequest, agent: http.Agent | false): http.ClientRequest {
    const secure = location.scheme === "https";
    const options: https.RequestOptions = {
      host: location.host,
      port: location.port,
      path: location.path,
      method: request.method,
      headers: request.headers,
      // Else the name in the Host header would be the one to verify.
      servername: isIP(location.host) === 0 ? location.host : "",
      agent,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(secure && agent === false ? this.#tlsOf(location) : {}),
    };
    const outgoing = secure ? https.request(options) : http.request(options);
    const late = setTimeout(
      () => outgoing.destroy(Object.assign(new Error("i/o timeout"), { code: "ETIMEDOUT" })),
      CONNECT_TIMEOUT_MS,
    );
    const connected = (): void => clearTimeout(late);
    outgoing.once("socket", (socket) => {
      if (!socket.connecting) connected();
      else socket.once(secure ? "secureConnect" : "connect", connected);
    });
    outgoing.once("close", connected);
    // The caller is told in upstream's words; those of the socket are for whoever looks after the cluster.
    outgoing.once("error", (err) => {
      this.#log.debug("backend failed", { host: location.host, port: location.port, err });
    });
    return outgoing;
  }

  #agentOf(location: Location): http.Agent {
    if (!location.kubelet) return location.scheme === "https" ? this.#https : this.#http;
    const tls = this.#kubeletTls();
    const known = this.#kubelet?.tls;
    if (this.#kubelet === undefined || known?.cert !== tls.cert || known.key !== tls.key || known.ca !== tls.ca) {
      // Renewed: what runs over the old certificate may end in its own time, idle connections go.
      const idle = Object.values(this.#kubelet?.agent.freeSockets ?? {}).flatMap((sockets) => sockets ?? []);
      for (const socket of idle) socket.destroy();
      this.#kubelet = { tls, agent: new https.Agent({ keepAlive: true, maxFreeSockets: IDLE_SOCKETS, ...tls }) };
    }
    return this.#kubelet.agent;
  }

  #tlsOf(location: Location): https.AgentOptions {
    return location.kubelet ? { ...this.#kubeletTls() } : { rejectUnauthorized: false };
  }
}
