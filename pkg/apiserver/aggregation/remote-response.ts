import type { IncomingMessage } from "node:http";
import type { Reply } from "../types.ts";
import { answeredHeaders } from "../streaming/response-headers.ts";

/** An answer that is no Status, as upstream's proxy makes them (http.Error). */
export function textReply(status: number, message: string): Extract<Reply, { kind: "bytes" }> {
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return { kind: "bytes", status, headers, body: `${message}\n` };
}

export const isRedirect = ({ statusCode = 0, headers }: IncomingMessage): boolean =>
  statusCode >= 300 && statusCode <= 399 && headers.location !== undefined;

export const REDIRECT_REFUSED = "the backend attempted to redirect this request, which is not permitted";

/** The extension server's answer as it comes; a redirect could send the caller's credentials anywhere and is refused. */
export function proxiedReply(response: IncomingMessage): Reply {
  if (isRedirect(response)) {
    response.destroy();
    return { kind: "bytes", status: 502, headers: {}, body: REDIRECT_REFUSED };
  }
  return {
    kind: "stream",
    status: response.statusCode ?? 502,
    headers: answeredHeaders(response),
    body: response,
  };
}
