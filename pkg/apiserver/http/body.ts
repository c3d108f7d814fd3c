import type { Readable } from "node:stream";
import { ApiError } from "#pkg/errors/index.ts";

/** Upstream's bound on request bodies. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Who waits for a body; told when it has waited too long. */
export interface BodyReader {
  onTimeout: (() => void) | undefined;
}

/** Reads a request's whole body. Rejects when it does not come in time. @throws 413 when it is too large */
export async function readWholeBody(
  stream: Readable,
  contentLength: string | undefined,
  reader?: BodyReader,
): Promise<Uint8Array> {
  if (contentLength !== undefined && Number(contentLength) > MAX_BODY_BYTES) throw tooLarge();
  // A request without a body may have come to its end before anybody asks: its "end" is over.
  if (stream.readableEnded) return Buffer.alloc(0);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let failed = false;
    if (reader !== undefined) reader.onTimeout = () => reject(new Error("The body did not come in time"));
    stream.on("data", (chunk: Buffer) => {
      if (failed) return;
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        // The rest is read and dropped, so that the client gets to see the answer.
        failed = true;
        chunks.length = 0;
        reject(tooLarge());
      } else chunks.push(chunk);
    });
    let ended = false;
    stream.on("end", () => {
      ended = true;
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    });
    stream.on("error", reject);
    stream.on("close", () => {
      if (!ended) reject(new Error("The client went away"));
    });
  });
}

function tooLarge(): ApiError {
  return new ApiError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${MAX_BODY_BYTES}`, {});
}
