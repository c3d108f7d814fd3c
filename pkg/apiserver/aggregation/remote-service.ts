import * as https from "node:https";
import { createSecureContext, type SecureContext } from "node:tls";
import type { APIService } from "#pkg/api/types/apiregistration-v1.ts";
import { type Endpoint, resolveEndpoint } from "../service-endpoint.ts";
import { trustedRoots } from "../trusted-roots.ts";
import { isAvailable } from "./conditions.ts";
import { pathOfGroupVersion } from "./group-version.ts";
import type { AggregationParts, FrontProxyTls, RemoteResource } from "./types.ts";

const IDLE_SOCKETS = 32;
/** Go's transport drops idle connections after this time. */
const IDLE_MS = 90_000;

export interface RemoteRequest {
  readonly method: string;
  /** With its query, percent-encoded. */
  readonly path: string;
  readonly headers: https.RequestOptions["headers"];
  readonly signal?: AbortSignal;
  /** On a connection of its own, as what switches protocols needs. */
  readonly ownConnection?: boolean;
  /** Answers whatever certificate the other side shows: only for questions whose answer is not trusted. */
  readonly insecure?: boolean;
}

/** One extension server's group version: where it is, how it is spoken to, what it was last seen to serve. */
export class RemoteService {
  readonly #parts: Pick<AggregationParts, "reader" | "frontProxyTls">;
  #apiService: APIService;
  #connections:
    | { readonly tls: FrontProxyTls; readonly agent: https.Agent; readonly trusting: https.Agent }
    | undefined;
  /** Of the last discovery that was answered. */
  resources: readonly RemoteResource[] = [];
  /** False while the last discovery was not answered. */
  fresh = false;

  constructor(apiService: APIService, parts: Pick<AggregationParts, "reader" | "frontProxyTls">) {
    this.#apiService = apiService;
    this.#parts = parts;
  }

  get apiService(): APIService {
    return this.#apiService;
  }

  /** The object as it is now; connections to the place that it named before are left to end. */
  update(apiService: APIService): void {
    const before = this.#apiService;
    this.#apiService = apiService;
    if (!sameConnection(before, apiService)) this.#connections = undefined;
  }

  get name(): string {
    return this.#apiService.metadata.name as string;
  }

  get group(): string {
    return this.#apiService.spec.group ?? "";
  }

  get version(): string {
    return this.#apiService.spec.version ?? "";
  }

  /** The path of its discovery. */
  get path(): string {
    return pathOfGroupVersion(this.group, this.version);
  }

  get available(): boolean {
    return isAvailable(this.#apiService);
  }

  /** @throws ApiError 404, 503 */
  locate(): Endpoint {
    const { namespace = "", name = "", port = 443 } = this.#apiService.spec.service ?? {};
    return resolveEndpoint(this.#parts.reader, namespace, name, port);
  }

  /** A request that is not ended yet. @throws when the CA bundle is none */
  request(
    { host, port }: Endpoint,
    { ownConnection, insecure, ...request }: RemoteRequest,
  ): ReturnType<typeof https.request> {
    const { agent, trusting } = this.#agents();
    const chosen = insecure === true ? trusting : agent;
    const outgoing = https.request({
      ...request,
      host,
      port,
      servername: this.#serverName,
      ...(ownConnection === true ? { ...chosen.options, agent: false } : { agent: chosen }),
    });
    // Whoever waits for the answer hears of a failure; one that comes later must not end the process.
    outgoing.on("error", () => undefined);
    return outgoing;
  }

  close(): void {
    this.#connections?.agent.destroy();
    this.#connections?.trusting.destroy();
    this.#connections = undefined;
  }

  get #serverName(): string {
    const { namespace = "", name = "" } = this.#apiService.spec.service ?? {};
    return `${name}.${namespace}.svc`;
  }

  #agents(): { readonly agent: https.Agent; readonly trusting: https.Agent } {
    const tls = this.#parts.frontProxyTls();
    const known = this.#connections;
    if (known !== undefined && known.tls.cert === tls.cert && known.tls.key === tls.key) return known;
    const { caBundle = "", insecureSkipTLSVerify = false } = this.#apiService.spec;
    const trusting = agentOf(createSecureContext({ ...tls }), false);
    const agent = insecureSkipTLSVerify
      ? trusting
      : agentOf(createSecureContext({ ...tls, ca: trustedRoots(caBundle) }), true);
    // Renewed: idle connections with the old certificate end by themselves.
    this.#connections = { tls, agent, trusting };
    return this.#connections;
  }
}

function agentOf(secureContext: SecureContext, rejectUnauthorized: boolean): https.Agent {
  return new https.Agent({
    keepAlive: true,
    maxFreeSockets: IDLE_SOCKETS,
    timeout: IDLE_MS,
    secureContext,
    rejectUnauthorized,
  });
}

function sameConnection({ spec: a }: APIService, { spec: b }: APIService): boolean {
  return (
    a.caBundle === b.caBundle &&
    a.insecureSkipTLSVerify === b.insecureSkipTLSVerify &&
    a.service?.name === b.service?.name &&
    a.service?.namespace === b.service?.namespace
  );
}
