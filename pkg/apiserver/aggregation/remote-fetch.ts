import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { withTimeout } from "#pkg/async/index.ts";
import { dialErrorText, hostPort } from "../streaming/dial-error.ts";
import type { UserInfo } from "../types.ts";
import { identityHeaders } from "./identity-headers.ts";
import type { RemoteService } from "./remote-service.ts";

/** Upstream's name for the aggregator itself; masters, so that no extension server refuses it. */
const AGGREGATOR: UserInfo = { name: "system:kube-aggregator", groups: ["system:masters"] };

export interface FetchOptions {
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly insecure?: boolean;
  readonly signal?: AbortSignal;
}

export interface Fetched {
  /** As errors name it: "https://10.0.0.7:8443/apis/GROUP/VERSION". */
  readonly url: string;
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Where a request went that got no answer. */
export class FetchError extends Error {
  readonly code = "ERR_REMOTE_FETCH";
  readonly url: string;

  constructor(url: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FetchError";
    this.url = url;
  }
}

/** GETs a document of an extension server as the aggregator. @throws FetchError, or ApiError where it has no endpoint */
export async function fetchRemote(remote: RemoteService, path: string, options: FetchOptions): Promise<Fetched> {
  const at = remote.locate();
  const url = `https://${hostPort(at.host, at.port)}${path}`;
  const signal = withTimeout(options.timeoutMs, options.signal);
  try {
    const outgoing = remote.request(at, {
      method: "GET",
      path,
      headers: { ...identityHeaders(AGGREGATOR), accept: "application/json", ...options.headers },
      signal,
      insecure: options.insecure === true,
    });
    outgoing.end();
    const [response] = (await once(outgoing, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response) {
      size += (chunk as Buffer).length;
      if (size > options.maxBytes) throw new Error(`the answer is larger than ${options.maxBytes} bytes`);
      chunks.push(chunk as Buffer);
    }
    return { url, status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
  } catch (err) {
    const why = signal.aborted ? "context deadline exceeded" : dialErrorText(err, at.host, at.port);
    throw new FetchError(url, `Get "${url}": ${why}`, { cause: err });
  }
}
