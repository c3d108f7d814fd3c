import type { ClientRequest } from "node:http";
import type { Readable } from "node:stream";
import type { RequestContext } from "../types.ts";

type BodySource = Pick<RequestContext, "body" | "bodyStream" | "headers">;

/**
 * Sends a caller's body to a backend as it comes, never all of it at once, and ends the request. A backend that stops
 * reading does not end the caller's connection: it may still have an answer, or somebody else has one for it.
 */
export function sendBody(outgoing: ClientRequest, context: BodySource): void {
  if (context.bodyStream === undefined) {
    sendObject(outgoing, context).catch((err: unknown) => outgoing.destroy(err as Error));
    return;
  }
  const source = context.bodyStream();
  if (source === undefined) {
    outgoing.end();
    return;
  }
  const length = context.headers["content-length"];
  if (typeof length === "string" && length !== "") outgoing.setHeader("content-length", length);
  // Node asks who calls with Expect to go on; the backend is not asked again.
  outgoing.removeHeader("expect");
  pipe(source, outgoing);
}

function pipe(source: Readable, outgoing: ClientRequest): void {
  const letGo = (): void => {
    source.unpipe(outgoing);
    source.resume();
  };
  outgoing.once("error", letGo);
  outgoing.once("close", letGo);
  source.once("error", (err) => outgoing.destroy(err));
  source.once("close", () => {
    if (!source.readableEnded) outgoing.destroy(new Error("the caller went away"));
  });
  source.pipe(outgoing);
}

/** Callers in this process have the object itself. */
async function sendObject(outgoing: ClientRequest, context: BodySource): Promise<void> {
  const body = await context.body();
  if (body === undefined) {
    outgoing.end();
    return;
  }
  if (!(body instanceof Uint8Array) && !outgoing.hasHeader("content-type"))
    outgoing.setHeader("content-type", "application/json");
  outgoing.end(body instanceof Uint8Array ? body : JSON.stringify(body));
}
