import { createHash } from "node:crypto";
import { ApiError } from "#pkg/errors/index.ts";
import type { Reply, RequestContext } from "../types.ts";

/** A document as it goes out: encoded once, named by its hash. */
export interface Document {
  readonly contentType: string;
  readonly body: Uint8Array;
  /** Quoted, as it stands in the header. */
  readonly etag: string;
}

export function jsonDocument(value: object, contentType = "application/json"): Document {
  return textDocument(JSON.stringify(value), contentType);
}

export function textDocument(text: string, contentType: string): Document {
  const body = Buffer.from(`${text}\n`);
  return { contentType, body, etag: `"${createHash("sha256").update(body).digest("hex").toUpperCase()}"` };
}

/** The document, or 304 where the caller already has it. */
export function replyWithDocument(context: RequestContext, document: Document): Reply {
  if (context.method !== "GET" && context.method !== "HEAD") {
    throw new ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
  }
  const headers = { etag: document.etag, vary: "Accept", "cache-control": "public" };
  if (context.headers["if-none-match"] === document.etag) {
    return { kind: "bytes", status: 304, headers, body: "" };
  }
  return {
    kind: "bytes",
    status: 200,
    headers: { ...headers, "content-type": document.contentType },
    body: document.body,
  };
}
