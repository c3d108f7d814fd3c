import { readFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Status } from "#pkg/api/types/meta-v1.ts";
import { loadKubeconfig } from "#pkg/client/index.ts";
import type { ControlPlane } from "../lab/index.ts";

/** Longer than any answer takes, the server's own time limit included. */
const ANSWER_MS = 10_000;

export interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as a Status; throws when it is none. */
  readonly status: Status;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

class ClosedBeforehand extends Error {}

/** Sends the administrator's requests, however wrong, byte by byte as told. HTTP/1.1, a connection for each unless kept. */
export class RawClient {
  readonly #port: number;
  readonly #tls: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly #agent: Agent | false;

  private constructor(port: number, tls: { ca: string; cert: string; key: string }, keepAlive: boolean) {
    this.#port = port;
    this.#tls = tls;
    this.#agent = keepAlive && new Agent({ keepAlive: true, ...tls });
  }

  static async of(
    server: Pick<ControlPlane, "kubeconfig" | "port">,
    { keepAlive = false }: { readonly keepAlive?: boolean } = {},
  ): Promise<RawClient> {
    const { ca, cert, key } = await loadKubeconfig(server.kubeconfig);
    const pem = async (value: typeof ca): Promise<string> =>
      typeof value === "object" ? await readFile(value.file, "utf8") : (value ?? "");
    return new RawClient(server.port, { ca: await pem(ca), cert: await pem(cert), key: await pem(key) }, keepAlive);
  }

  /** What a connection of the administrator's is made with. */
  get tlsOptions(): { readonly ca: string; readonly cert: string; readonly key: string } {
    return this.#tls;
  }

  /** Ends kept connections. */
  close(): void {
    if (this.#agent !== false) this.#agent.destroy();
  }

  async call(path: string, call: Call = {}): Promise<Answer> {
    for (;;) {
      try {
        return await this.#callOnce(path, call);
      } catch (err) {
        // A kept connection that the server ended while the request was on its way.
        if (!(err instanceof ClosedBeforehand)) throw err;
      }
    }
  }

  async #callOnce(path: string, { method = "GET", headers = {}, body }: Call): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const sent = request({
        host: "127.0.0.1",
        port: this.#port,
        path,
        method,
        // Node frames the body of a DELETE only when its length is told.
        headers:
          body === undefined || "transfer-encoding" in headers
            ? headers
            : { "content-length": String(Buffer.byteLength(body)), ...headers },
        agent: this.#agent,
        maxHeaderSize: 1 << 20,
        ...this.#tls,
      });
      sent.on("error", (err: NodeJS.ErrnoException) =>
        reject(sent.reusedSocket && err.code === "ECONNRESET" ? new ClosedBeforehand() : err),
      );
      sent.setTimeout(ANSWER_MS, () =>
        sent.destroy(
          new Error(`No answer to ${method} ${path} ${headers["content-type"] ?? ""} ${String(body).slice(0, 1000)}`),
        ),
      );
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString();
          resolve({
            code: response.statusCode ?? 0,
            headers: response.headers,
            bytes,
            text,
            get status(): Status {
              return JSON.parse(text) as Status;
            },
          });
        });
      });
      sent.end(body);
    });
  }

  async post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return await this.call(path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  /** The first bytes of an answer without end, up to and with the first that `enough` takes; then it is cut. */
  async firstOf(
    path: string,
    headers: Readonly<Record<string, string>>,
    enough: (bytes: Buffer) => boolean,
  ): Promise<Pick<Answer, "code" | "bytes">> {
    return await new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: this.#port, path, headers, agent: false, ...this.#tls });
      sent.on("error", reject);
      sent.on("response", (response) => {
        let bytes = Buffer.alloc(0);
        const done = (): void => {
          resolve({ code: response.statusCode ?? 0, bytes });
          sent.destroy();
        };
        response.on("data", (chunk: Buffer) => {
          bytes = Buffer.concat([bytes, chunk]);
          if (enough(bytes)) done();
        });
        response.on("end", done);
        response.on("error", () => undefined);
      });
      sent.end();
    });
  }

  /** The code of an answer, which is cut then; undefined when there was none after `ms`. */
  async glance(path: string, headers: Readonly<Record<string, string>>, ms: number): Promise<number | undefined> {
    return await new Promise((resolve) => {
      const sent = request({ host: "127.0.0.1", port: this.#port, path, headers, agent: false, ...this.#tls });
      sent.on("error", () => resolve(undefined));
      sent.setTimeout(ms, () => sent.destroy(new Error("long enough")));
      sent.on("response", (response) => {
        response.on("error", () => undefined);
        resolve(response.statusCode);
        sent.destroy();
      });
      sent.end();
    });
  }

  tcp(): Socket {
    return connectTcp({ host: "127.0.0.1", port: this.#port });
  }

  tls(protocols: readonly string[] = ["http/1.1"]): Socket {
    return connectTls({ host: "127.0.0.1", port: this.#port, ALPNProtocols: [...protocols], ...this.#tls });
  }
}

/** Writes bytes, then resolves to what came back when the other side closed, and how long it took. */
export async function sendAndWait(
  socket: Socket,
  bytes: string | Uint8Array,
): Promise<{ readonly text: string; readonly ms: number }> {
  const startedAt = performance.now();
  return await new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    // A reset is one way of closing.
    socket.on("error", () => undefined);
    socket.on("close", () =>
      resolve({ text: Buffer.concat(chunks).toString("latin1"), ms: performance.now() - startedAt }),
    );
    socket.write(bytes);
  });
}
