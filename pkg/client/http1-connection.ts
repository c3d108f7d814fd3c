import { Agent, request, type RequestOptions } from "node:https";
import { type Answer, type Connection, type Exchange, failureOf } from "./connection.ts";

/** HTTP/1.1 with kept-alive connections, for servers and proxies that do not speak HTTP/2. */
export class Http1Connection implements Connection {
  readonly #origin: URL;
  readonly #tls: RequestOptions;
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: 128 });

  constructor(origin: string, tls: RequestOptions) {
    this.#origin = new URL(origin);
    this.#tls = tls;
  }

  send(exchange: Exchange): Promise<Answer> {
    const { signal, body } = exchange;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request({
      ...this.#tls,
      agent: this.#agent,
      host: this.#origin.hostname.replace(/^\[|\]$/g, ""),
      port: this.#origin.port === "" ? 443 : this.#origin.port,
      method: exchange.method,
      path: exchange.path,
      headers: {
        ...exchange.headers,
        ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    sent.on("response", (answer) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer }));
    sent.on("error", (err) => reject(failureOf(this.#origin.origin, err, signal)));
    sent.end(body);
    return promise;
  }

  retire(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  destroy(): void {
    this.#agent.destroy();
  }
}
