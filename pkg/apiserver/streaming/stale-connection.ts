import type { ClientRequest } from "node:http";

/**
 * Whether a request failed because a kept connection was closed at the moment it was used, so that nobody saw it, and
 * can be made again as Go's transport does: only one that changes nothing and sent no body.
 */
export function isStale(outgoing: ClientRequest, err: unknown): boolean {
  const { code } = err as NodeJS.ErrnoException;
  const isSafe = outgoing.method === "GET" || outgoing.method === "HEAD";
  return isSafe && outgoing.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
}
