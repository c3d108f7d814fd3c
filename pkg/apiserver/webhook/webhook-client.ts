import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import { isAbort, withTimeout } from "#pkg/async/index.ts";
import type { ObjectReader } from "../types.ts";
import type { Endpoint } from "../service-endpoint.ts";
import { Connections } from "./connections.ts";
import { callErrorText } from "./error-text.ts";
import { placeOf, urlOf } from "./place.ts";
import { statusText } from "./status-text.ts";
import { type WebhookCall, WebhookCallError, type WebhookCaller } from "./types.ts";

const TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
const MAX_REFUSAL_BYTES = 64 * 1024;

/** Calls webhooks over HTTPS on connections that are kept; follows no redirect. */
export class WebhookClient implements WebhookCaller {
  readonly #reader: ObjectReader;
  readonly #connections = new Connections();

  constructor(parts: { readonly reader: ObjectReader }) {
    this.#reader = parts.reader;
  }

  async call(request: WebhookCall): Promise<unknown> {
    const { timeoutMs = TIMEOUT_MS } = request;
    const url = urlOf(request.config);
    if (request.tellTimeout === true) url.searchParams.set("timeout", `${Math.round(timeoutMs / 1000)}s`);
    const body = Buffer.from(request.body instanceof Uint8Array ? request.body : JSON.stringify(request.body));
    const signal = withTimeout(timeoutMs, request.signal);
    const shown = `Post "${shownUrl(url)}"`;
    let answer: { readonly status: number; readonly body: Buffer };
    try {
      answer = await this.#post(url, request, body, signal);
    } catch (err) {
      if (err instanceof WebhookCallError && err.code === "unresolved")
        throw new WebhookCallError("unresolved", `${shown}: ${err.message}`, { cause: err });
      if (err instanceof WebhookCallError) throw err;
      if (signal.aborted && isAbort(signal.reason) && request.signal?.aborted === true)
        throw new WebhookCallError("connection", `${shown}: context canceled`, { cause: err });
      if (signal.aborted) throw new WebhookCallError("timeout", `${shown}: context deadline exceeded`, { cause: err });
      throw new WebhookCallError("connection", `${shown}: ${callErrorText(err, url)}`, { cause: err });
    }
    const text = answer.body.toString("utf8");
    if (answer.status < 200 || answer.status > 299)
      throw new WebhookCallError("status", statusText(answer.status, text));
    try {
      return JSON.parse(text) as unknown;
    } catch (err) {
      const why = `couldn't get version/kind; json parse error: ${(err as Error).message}`;
      throw new WebhookCallError("response", why, { cause: err });
    }
  }

  close(): void {
    this.#connections.close();
  }

  async #post(url: URL, request: WebhookCall, body: Buffer, signal: AbortSignal): Promise<Answer> {
    const place = placeOf(request.config, url, this.#reader);
    const agent = this.#connections.agent(request.config.caBundle ?? "");
    for (;;) {
      const { response, reused, err } = await send(url, place, agent, body, signal);
      // The webhook closed a kept connection at the moment it was used: it never saw the request (as Go's transport).
      if (response === undefined && reused && !signal.aborted && isReset(err)) continue;
      if (response === undefined) throw err;
      return await read(response, request.maxResponseBytes ?? MAX_RESPONSE_BYTES);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

interface Sent {
  readonly response?: IncomingMessage;
  readonly reused: boolean;
  readonly err?: unknown;
}

function send(url: URL, place: Endpoint, agent: https.Agent, body: Buffer, signal: AbortSignal): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>();
  const name = url.hostname.replace(/^\[|\]$/g, "");
  const outgoing = https.request({
    host: place.host,
    port: place.port,
    path: `${url.pathname}${url.search}`,
    method: "POST",
    // The certificate is the service's, whichever pod answers.
    servername: isIP(name) === 0 ? name : "",
    agent,
    signal,
    ...(url.username === "" ? {} : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` }),
    headers: {
      host: `${url.hostname}:${url.port === "" ? 443 : url.port}`,
      accept: "application/json, */*",
      "content-type": "application/json",
      "content-length": body.length,
      "user-agent": "kube-apiserver-admission",
    },
  });
  outgoing.once("response", (response) => resolve({ response, reused: outgoing.reusedSocket }));
  // After an upgrade nobody asked for, neither an error nor an end of the request comes.
  outgoing.once("upgrade", (_response, socket) => {
    socket.destroy();
    resolve({ reused: false, err: new Error("malformed HTTP response: unexpected upgrade") });
  });
  outgoing.on("error", (err) => resolve({ reused: outgoing.reusedSocket, err }));
  outgoing.end(body);
  return promise;
}

const isReset = (err: unknown): boolean =>
  ["ECONNRESET", "EPIPE"].includes((err as NodeJS.ErrnoException | undefined)?.code ?? "");

async function read(response: IncomingMessage, maxBytes: number): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const ok = status >= 200 && status <= 299;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (ok && size > maxBytes) throw new WebhookCallError("response", `the response is larger than ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
    // What explains a refusal is read as far as it is shown.
    if (!ok && size > MAX_REFUSAL_BYTES) break;
  }
  return { status, body: Buffer.concat(chunks) };
}

/** As Go prints it: the port that was given, no credentials. */
function shownUrl(url: URL): string {
  const port = url.port === "" && url.hostname.endsWith(".svc") ? ":443" : url.port === "" ? "" : `:${url.port}`;
  const credentials = url.username === "" ? "" : `${url.username}:***@`;
  return `https://${credentials}${url.hostname}${port}${url.pathname === "/" ? "" : url.pathname}${url.search}`;
}
