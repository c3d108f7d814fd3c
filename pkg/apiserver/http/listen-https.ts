import type { Logger } from "#pkg/log/index.ts";
import {
  certificateAuthenticator,
  chainAuthenticators,
  FrontProxies,
  refuseFrontProxyItself,
  requestHeaderAuthenticator,
  type ServiceAccountTokens,
  type StaticToken,
  tokenAuthenticator,
} from "../auth/index.ts";
import type { Pipeline } from "../pipeline.ts";
import type { FlowController } from "../flowcontrol/index.ts";
import type { YamlCodec } from "../yaml/index.ts";
import type { InFlight } from "./in-flight.ts";
import { Listener, type TlsFiles } from "./listener.ts";
import type { RequestMetrics } from "./request-metrics.ts";

export interface ListenOptions {
  /** Address to bind, "0.0.0.0" for all. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly tls: TlsFiles;
  /** Bearer tokens known beforehand. */
  readonly staticTokens?: readonly StaticToken[];
  /** How long connections may be of no use before they are closed; 90 seconds where absent. */
  readonly idleTimeoutMs?: number;
}

export interface RunningListener {
  readonly port: number;
  /** The certificate and key of new connections; open ones go on with theirs. */
  renew(tls: TlsFiles): void;
  /** Ends watches, lets requests finish for a bounded time, then closes. */
  close(): Promise<void>;
}

/** What a listener needs of the server. */
export interface ListenerParts {
  readonly pipeline: Pipeline;
  readonly tokens: ServiceAccountTokens | undefined;
  readonly metrics: RequestMetrics;
  readonly inFlight: InFlight;
  readonly flow: FlowController;
  readonly yaml: YamlCodec;
  readonly log: Logger;
}

/** Serves the API over HTTPS. Rejects as `listen` does, with EADDRINUSE among others. */
export async function listenHttps(parts: ListenerParts, options: ListenOptions): Promise<RunningListener> {
  const { host, port, tls, staticTokens = [], idleTimeoutMs } = options;
  const proxies = new FrontProxies(tls.frontProxyAuthorities);
  const authenticators = chainAuthenticators([
    requestHeaderAuthenticator(proxies),
    certificateAuthenticator(proxies),
    tokenAuthenticator({ staticTokens, serviceAccounts: parts.tokens }),
    refuseFrontProxyItself(proxies),
  ]);
  const listener = new Listener({
    ...parts,
    authenticate: (request) => authenticators.authenticate(request),
    tls,
    ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
  });
  const bound = await listener.listen({ host, port });
  return { port: bound, renew: (files) => listener.renew(files), close: () => listener.close() };
}
