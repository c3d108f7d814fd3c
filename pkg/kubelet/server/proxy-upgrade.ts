import { type IncomingMessage, type OutgoingHttpHeaders, request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { joinStreams } from "#pkg/async/index.ts";
import { HttpError } from "./types.ts";

/** Headers that speak of one connection and say nothing to the next, besides Upgrade itself. */
const NOT_FORWARDED = new Set(["host", "authorization", "content-length", "transfer-encoding", "keep-alive", "te"]);
const CONNECT_TIMEOUT_MS = 30_000;

/**
 * Hands an Upgrade request on to the runtime's streaming server and joins the two connections, whatever is spoken on
 * them (SPDY/3.1 or WebSocket). Resolves when both are closed. Throws an HttpError when the runtime does not take it up.
 */
export async function proxyUpgrade(url: string, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const { response, upstream, early } = await dial(new URL(url), request);
  socket.write(responseHead(response));
  if (early.length > 0) socket.write(early);
  if (head.length > 0) upstream.write(head);
  await joinStreams(socket, upstream);
}

interface Dialled {
  readonly response: IncomingMessage;
  readonly upstream: Duplex;
  readonly early: Buffer;
}

async function dial(url: URL, request: IncomingMessage): Promise<Dialled> {
  const headers: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers)) if (!NOT_FORWARDED.has(name)) headers[name] = value;
  const { promise, resolve, reject } = Promise.withResolvers<Dialled>();
  const outgoing = httpRequest(url, { method: request.method ?? "GET", headers, agent: false });
  outgoing.setTimeout(CONNECT_TIMEOUT_MS, () =>
    outgoing.destroy(new Error("the runtime's streaming server is silent")),
  );
  outgoing.on("error", (err) => reject(new HttpError(500, `error dialing the container runtime: ${err.message}`)));
  outgoing.on("upgrade", (response, upstream, early) => {
    upstream.setTimeout(0);
    resolve({ response, upstream, early });
  });
  outgoing.on("response", (response) => {
    void (async () => {
      let text = "";
      for await (const chunk of response) text = (text + String(chunk)).slice(0, 10_000);
      reject(new HttpError(response.statusCode ?? 500, text.trim()));
    })().catch(reject);
  });
  outgoing.end();
  return await promise;
}

/** The runtime's answer as it came: some of its headers choose the protocol. */
function responseHead(response: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`];
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2) {
    lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
