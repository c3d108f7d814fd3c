import type { ServerResponse } from "node:http";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import type { Exchange } from "./exchange.ts";

/** Bodies larger than this are compressed where the caller accepts it (upstream's bound). */
const GZIP_BYTES = 128 * 1024;
const ACCEPTS_GZIP = /(?:^|,)\s*gzip\s*(?:,|$)/;
const compress = promisify(gzip);

/** Sends an answer as a whole; waits only to compress it. */
export function send(
  exchange: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): Promise<void> | undefined {
  const { response, request } = exchange;
  if (response.headersSent || response.destroyed) return undefined;
  if (
    body.length > GZIP_BYTES &&
    headers["content-encoding"] === undefined &&
    ACCEPTS_GZIP.test(String(request.headers["accept-encoding"] ?? ""))
  )
    return sendCompressed(exchange, status, headers, body);
  write(exchange, status, headers, body);
  return undefined;
}

async function sendCompressed(
  exchange: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): Promise<void> {
  const { response } = exchange;
  const bytes = await compress(body, { level: constants.Z_BEST_SPEED });
  if (!response.headersSent && !response.destroyed)
    write(exchange, status, { ...headers, "content-encoding": "gzip", vary: "Accept-Encoding" }, bytes);
}

function write(
  exchange: Exchange,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  const buffer = typeof body === "string" ? Buffer.from(body) : body;
  exchange.bodyBytes = buffer.byteLength;
  exchange.head(status, { ...headers, "content-length": String(buffer.byteLength) });
  const raw = exchange.response as ServerResponse;
  if (exchange.request.method === "HEAD" || status === 304) raw.end();
  else raw.end(buffer);
}
