import { readFile } from "node:fs/promises";
import { request } from "node:https";
import type { Socket } from "node:net";
import { connect as connectTcp } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Status } from "#pkg/api/types/meta-v1.ts";
import { loadKubeconfig } from "#pkg/client/index.ts";
import type { ControlPlane } from "../lab/index.ts";

export interface Answer {
  readonly code: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The body as a Status; throws when it is none. */
  readonly status: Status;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** Sends the administrator's requests, however wrong, byte by byte as told. HTTP/1.1, a connection for each. */
export class RawClient {
  readonly #port: number;
  readonly #tls: { readonly ca: string; readonly cert: string; readonly key: string };

  private constructor(port: number, tls: { ca: string; cert: string; key: string }) {
    this.#port = port;
    this.#tls = tls;
  }

  static async of(server: ControlPlane): Promise<RawClient> {
    const { ca, cert, key } = await loadKubeconfig(server.kubeconfig);
    const pem = async (value: typeof ca): Promise<string> =>
      typeof value === "object" ? await readFile(value.file, "utf8") : (value ?? "");
    return new RawClient(server.port, { ca: await pem(ca), cert: await pem(cert), key: await pem(key) });
  }

  async call(path: string, { method = "GET", headers = {}, body }: Call = {}): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      const sent = request({ host: "127.0.0.1", port: this.#port, path, method, headers, agent: false, ...this.#tls });
      sent.on("error", reject);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            code: response.statusCode ?? 0,
            headers: response.headers,
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
