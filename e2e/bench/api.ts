import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from "node:http2";
import { readFile } from "node:fs/promises";
import { loadKubeconfig, type Pem } from "#pkg/client/index.ts";

/** What Go's HTTP/2 client, and so every client-go program, announces. */
const STREAM_WINDOW_BYTES = 4 << 20;
const SESSION_WINDOW_BYTES = 1 << 30;

/** A request whose headers and body are made before the clock starts. */
export interface Prepared {
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer | undefined;
}

export interface Watch {
  close(): void;
}

/** What a program on client-go sends by itself. */
const JSON_TYPE = "application/json";
export const MERGE_PATCH = "application/merge-patch+json";
export const APPLY_PATCH = "application/apply-patch+yaml";

/**
 * One HTTP/2 connection over TLS to an API server, as cheap for the measuring side as node:http2 can be: the machine's
 * cores are few, and what the generator burns the server under test does not get.
 */
export class Api {
  readonly #session: ClientHttp2Session;
  readonly #headers: OutgoingHttpHeaders;
  #closed = false;

  private constructor(session: ClientHttp2Session, token: string | undefined) {
    this.#session = session;
    this.#headers = { accept: JSON_TYPE, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
  }

  static async connect(kubeconfig: string): Promise<Api> {
    const access = await loadKubeconfig(kubeconfig);
    const pem = async (value: Pem | undefined): Promise<string | undefined> =>
      typeof value === "object" ? await readFile(value.file, "utf8") : value;
    const [ca, cert, key] = await Promise.all([pem(access.ca), pem(access.cert), pem(access.key)]);
    const token = access.tokenFile === undefined ? access.token : (await readFile(access.tokenFile, "utf8")).trim();
    const session = connect(access.server, {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(access.tlsServerName === undefined ? {} : { servername: access.tlsServerName }),
      rejectUnauthorized: access.insecureSkipTlsVerify !== true,
      settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
    });
    await new Promise<void>((resolve, reject) => {
      session.once("connect", () => resolve());
      session.once("error", reject);
    });
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    // Streams report a broken connection to whoever waits for them.
    session.on("error", () => undefined);
    return new Api(session, token);
  }

  prepare(method: string, path: string, body?: object, contentType: string = JSON_TYPE): Prepared {
    const headers: OutgoingHttpHeaders = { ...this.#headers, ":method": method, ":path": path };
    if (body === undefined) return { headers, body: undefined };
    const bytes = Buffer.from(JSON.stringify(body));
    return { headers: { ...headers, "content-type": contentType, "content-length": bytes.length }, body: bytes };
  }

  /** Resolves to the number of bytes of the answer, which is not kept. Rejects when the status is not 2xx. */
  async send(request: Prepared): Promise<number> {
    let bytes = 0;
    await this.#exchange(request, (chunk) => void (bytes += chunk.length));
    return bytes;
  }

  /** Sends one request and decodes the answer. Rejects when the status is neither 2xx nor one of `expected`. */
  async call<T = unknown>(
    method: string,
    path: string,
    body?: object,
    options: { readonly contentType?: string; readonly expected?: readonly number[] } = {},
  ): Promise<T> {
    const chunks: Buffer[] = [];
    await this.#exchange(
      this.prepare(method, path, body, options.contentType),
      (chunk) => void chunks.push(chunk),
      options.expected,
    );
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as T;
  }

  /**
   * Opens a watch; `onData` gets the raw chunks, events end with a newline each. Resolves when the server has answered.
   * The watch lives until closed; its early end is an uncaught error, because no figure is worth anything then.
   */
  async watch(path: string, onData: (chunk: Buffer) => void): Promise<Watch> {
    const stream = this.#session.request(this.prepare("GET", path).headers, { endStream: true });
    let closed = false;
    stream.on("data", onData);
    await new Promise<void>((resolve, reject) => {
      stream.once("response", ({ ":status": status }) =>
        status === 200 ? resolve() : reject(new Error(`watch ${path}: ${status}`)),
      );
      stream.once("error", reject);
    });
    stream.on("close", () => {
      if (!closed && !this.#closed) throw new Error(`watch ${path} ended`);
    });
    return {
      close: () => {
        closed = true;
        stream.close();
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#session.destroy();
  }

  #exchange(request: Prepared, onChunk: (chunk: Buffer) => void, expected: readonly number[] = []): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stream = this.#session.request(request.headers, { endStream: request.body === undefined });
    const what = (): string => `${String(request.headers[":method"])} ${String(request.headers[":path"])}`;
    let status = 0;
    let refusal = "";
    stream.on("response", (headers) => {
      status = headers[":status"] ?? 0;
      if (status >= 300 && !expected.includes(status))
        stream.on("data", (chunk: Buffer) => (refusal += chunk.toString()));
    });
    stream.on("data", onChunk);
    stream.on("end", () => {
      if (status < 300 || expected.includes(status)) resolve();
      else reject(new Error(`${what()}: ${status} ${refusal.slice(0, 300)}`));
    });
    stream.on("error", (err) => reject(new Error(`${what()}: ${err.message}`, { cause: err })));
    // After `end` this changes nothing; before it the connection broke.
    stream.on("close", () => reject(new Error(`${what()}: the connection closed`)));
    if (request.body !== undefined) stream.end(request.body);
    return promise;
  }
}
