import { readFile } from "node:fs/promises";
import { loadKubeconfig, type Pem } from "#pkg/client/index.ts";
import { Exchange, type Prepared } from "./exchange.ts";
import { Connection, encodeHeaders } from "./http2/index.ts";
import { Watching } from "./watching.ts";

export type { Prepared };

export interface Watch {
  close(): void;
}

/** What a program on client-go sends by itself. */
const JSON_TYPE = "application/json";
export const MERGE_PATCH = "application/merge-patch+json";
export const APPLY_PATCH = "application/apply-patch+yaml";

const NO_STATUSES: readonly number[] = [];

/** One HTTP/2 connection to an API server, as whoever a kubeconfig says. */
export class Api {
  readonly #connection: Connection;
  readonly #authority: string;
  readonly #authorization: string | undefined;
  #closed = false;

  private constructor(connection: Connection, authority: string, token: string | undefined) {
    this.#connection = connection;
    this.#authority = authority;
    this.#authorization = token === undefined ? undefined : `Bearer ${token}`;
  }

  static async connect(kubeconfig: string): Promise<Api> {
    const access = await loadKubeconfig(kubeconfig);
    const pem = async (value: Pem | undefined): Promise<string | undefined> =>
      typeof value === "object" ? await readFile(value.file, "utf8") : value;
    const [ca, cert, key] = await Promise.all([pem(access.ca), pem(access.cert), pem(access.key)]);
    const token = access.tokenFile === undefined ? access.token : (await readFile(access.tokenFile, "utf8")).trim();
    const server = new URL(access.server);
    const connection = await Connection.open(server, {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(access.tlsServerName === undefined ? {} : { servername: access.tlsServerName }),
      rejectUnauthorized: access.insecureSkipTlsVerify !== true,
    });
    return new Api(connection, server.host, token);
  }

  prepare(method: string, path: string, body?: object, contentType: string = JSON_TYPE): Prepared {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = encodeHeaders({
      ":method": method,
      ":scheme": "https",
      ":authority": this.#authority,
      ":path": path,
      accept: JSON_TYPE,
      ...(this.#authorization === undefined ? {} : { authorization: this.#authorization }),
      ...(bytes === undefined ? {} : { "content-type": contentType, "content-length": String(bytes.length) }),
    });
    return { method, path, headers, body: bytes };
  }

  /** Resolves to the number of bytes of the answer, which is not kept. Rejects when the status is not 2xx. */
  send(request: Prepared): Promise<number> {
    const exchange = new Exchange(request, NO_STATUSES, false);
    this.#connection.start(exchange);
    return exchange.done;
  }

  /** Sends one request and decodes the answer. Rejects when the status is neither 2xx nor one of `expected`. */
  async call<T = unknown>(
    method: string,
    path: string,
    body?: object,
    options: { readonly contentType?: string; readonly expected?: readonly number[] } = {},
  ): Promise<T> {
    const request = this.prepare(method, path, body, options.contentType);
    const exchange = new Exchange(request, options.expected ?? NO_STATUSES, true);
    this.#connection.start(exchange);
    await exchange.done;
    return JSON.parse(exchange.text()) as T;
  }

  /**
   * Opens a watch; `onData` gets the raw chunks, which hold only during the call; events end with a newline each. Resolves
   * when the server has answered. The watch lives until closed; its early end is an uncaught error, because no figure is
   * worth anything then.
   */
  async watch(path: string, onData: (chunk: Buffer) => void): Promise<Watch> {
    const watching = new Watching(this.prepare("GET", path), onData, () => {
      if (this.#closed) return;
      // Not in the middle of the connection's work: others have to hear of its end, too.
      process.nextTick(() => {
        throw new Error(`watch ${path} ended`);
      });
    });
    this.#connection.start(watching);
    await watching.answered;
    return { close: () => this.#connection.cancel(watching) };
  }

  close(): void {
    this.#closed = true;
    this.#connection.destroy();
  }
}
