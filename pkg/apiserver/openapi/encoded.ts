import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { ApiError } from "#pkg/errors/index.ts";
import type { Reply, RequestContext } from "../types.ts";

/** A document as it is kept: compressed, without the data it was made from. */
export interface Encoded {
  readonly contentType: string;
  readonly gzip: Uint8Array;
  /** Of the uncompressed bytes, in upper-case hex. */
  readonly hash: string;
}

const compress = promisify(gzip);
const decompress = promisify(gunzip);

export async function encode(contentType: string, body: string | Uint8Array): Promise<Encoded> {
  // Megabytes where there are many CRDs: encoded once, and not in the turn that made them.
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  await nextTurn();
  const hash = createHash("sha256").update(bytes).digest("hex").toUpperCase();
  return { contentType, gzip: await compress(bytes), hash };
}

/** The document compressed where the caller can read that, or 304 where it already has it. */
export async function replyWithEncoded(context: RequestContext, document: Encoded): Promise<Reply> {
  if (context.method !== "GET" && context.method !== "HEAD") {
    throw new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
  }
  const etag = `"${document.hash}"`;
  const headers: Record<string, string> = { etag, vary: "Accept, Accept-Encoding", "cache-control": "no-cache" };
  if (context.query.get("hash") === document.hash) {
    // The address names the content: it may be kept for ever, and kubectl does.
    headers["cache-control"] = "public, immutable";
    headers.expires = new Date(Date.now() + 365 * 24 * 3600 * 1000).toUTCString();
  }
  if (context.headers["if-none-match"] === etag) return { kind: "bytes", status: 304, headers, body: "" };
  headers["content-type"] = document.contentType;
  if (/\bgzip\b/.test(String(context.headers["accept-encoding"] ?? ""))) {
    headers["content-encoding"] = "gzip";
    return { kind: "bytes", status: 200, headers, body: document.gzip };
  }
  return { kind: "bytes", status: 200, headers, body: await decompress(document.gzip) };
}
