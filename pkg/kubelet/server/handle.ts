import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { isAbort } from "#pkg/async/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { KubeletAuthenticator } from "./authenticator.ts";
import type { KubeletAuthorizer } from "./authorizer.ts";
import { HttpError, type Route, type RouteRequest } from "./types.ts";

export interface Gate {
  readonly authenticator: Pick<KubeletAuthenticator, "authenticate">;
  readonly authorizer: Pick<KubeletAuthorizer, "refusal">;
}

interface Parts {
  readonly routes: readonly Route[];
  /** Absent for the health port on loopback, which asks nobody who they are. */
  readonly gate?: Gate;
  readonly log: Logger;
}

/** Answers one request; never rejects. */
export async function handleRequest(
  parts: Parts,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  try {
    const { route, routed } = await admit(parts, request, signal);
    if (route.handle === undefined) throw new HttpError(405, "Method Not Allowed");
    await route.handle(routed, response);
  } catch (err) {
    if (isAbort(err) || signal.aborted || response.headersSent) {
      // Half an answer cannot be taken back: the caller sees a broken connection instead.
      if (!isAbort(err) && !signal.aborted) parts.log.warn("answer broken off", { path: request.url, err });
      response.destroy();
      return;
    }
    const { status, message } = refusalOf(parts, request, err);
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" });
    response.end(`${message}\n`);
  }
}

/** Answers one Upgrade request; never rejects. */
export async function handleUpgrade(
  parts: Parts,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  signal: AbortSignal,
): Promise<void> {
  // Until somebody takes the socket over, its failure only means that nobody waits for the answer.
  socket.on("error", () => socket.destroy());
  try {
    const { route, routed } = await admit(parts, request, signal);
    if (route.upgrade === undefined) throw new HttpError(400, "this path does not take Upgrade requests");
    await route.upgrade(routed, socket, head);
  } catch (err) {
    const { status, message } = refusalOf(parts, request, err);
    const body = Buffer.from(`${message}\n`);
    const lines = [`HTTP/1.1 ${status} ${message.replace(/[^\x20-\x7e]+/g, " ").slice(0, 200)}`];
    lines.push(
      "Content-Type: text/plain; charset=utf-8",
      `Content-Length: ${body.length}`,
      "Connection: close",
      "",
      "",
    );
    socket.end(Buffer.concat([Buffer.from(lines.join("\r\n")), body]));
  }
}

async function admit(
  { routes, gate }: Parts,
  request: IncomingMessage,
  signal: AbortSignal,
): Promise<{ route: Route; routed: RouteRequest }> {
  const url = new URL(request.url ?? "/", "https://kubelet");
  const method = request.method ?? "GET";
  if (gate !== undefined) {
    const caller = await gate.authenticator.authenticate(request);
    if (caller === undefined) throw new HttpError(401, "Unauthorized");
    const refusal = await gate.authorizer.refusal(caller, method, url.pathname);
    if (refusal !== undefined) throw new HttpError(403, refusal);
  }
  const route = routes
    .filter(({ prefix }) => url.pathname === prefix || url.pathname.startsWith(`${prefix}/`))
    .sort((a, b) => b.prefix.length - a.prefix.length)[0];
  if (route === undefined) throw new HttpError(404, "404 page not found");
  if (!route.methods.includes(method)) throw new HttpError(405, "Method Not Allowed");
  const rest = url.pathname.slice(route.prefix.length).split("/");
  const segments = rest.filter((segment) => segment !== "").map(decoded);
  return { route, routed: { method, segments, query: url.searchParams, request, signal } };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new HttpError(400, `invalid path segment "${segment}"`);
  }
}

function refusalOf({ log }: Parts, request: IncomingMessage, err: unknown): { status: number; message: string } {
  if (err instanceof HttpError) return err;
  log.warn("request failed", { path: request.url?.split("?")[0], err });
  return { status: 500, message: err instanceof Error ? err.message : String(err) };
}
