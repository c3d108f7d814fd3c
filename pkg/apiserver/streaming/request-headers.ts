import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";

/** Headers that belong to one connection (RFC 9110, 7.6.1), besides those that Connection names. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
/** Subprotocol in which browsers carry a bearer token. */
const BEARER_PROTOCOL = "base64url.bearer.authorization.k8s.io.";

/** What the caller proves who it is with, and what only an authenticating proxy may say (X-Remote-User). */
const isCredential = (name: string): boolean =>
  name === "authorization" || name.startsWith("impersonate-") || name.startsWith("x-remote-");

export function isHopByHop(name: string, connection: string | string[] | undefined): boolean {
  if (HOP_BY_HOP.has(name)) return true;
  const named = String(connection ?? "").toLowerCase();
  return named !== "" && named.split(",").some((word) => word.trim() === name);
}

/**
 * The caller's headers for a backend: without the caller's credentials, which are for the API server alone, and without
 * those of its connection. Names with ":" are HTTP/2's own. As upstream, the backend sees the Host that the caller asked,
 * so that its absolute links and its checks of Origin fit.
 */
export function forwardedHeaders(headers: Readonly<IncomingHttpHeaders>): OutgoingHttpHeaders {
  const out: OutgoingHttpHeaders = {};
  const host = headers[":authority"];
  if (typeof host === "string") out.host = host;
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name === "content-length" || name.startsWith(":")) continue;
    if (!isCredential(name) && !isHopByHop(name, headers.connection)) out[name] = value;
  }
  return out;
}

/** The same for an Upgrade request, which keeps the switch and the WebSocket key. */
export function upgradeHeaders(headers: Readonly<IncomingHttpHeaders>): OutgoingHttpHeaders {
  const out = forwardedHeaders(headers);
  out.connection = "Upgrade";
  if (headers.upgrade !== undefined) out.upgrade = headers.upgrade;
  const protocols = headers["sec-websocket-protocol"];
  if (protocols !== undefined) {
    const kept = protocols.split(",").filter((protocol) => !protocol.trim().startsWith(BEARER_PROTOCOL));
    out["sec-websocket-protocol"] = kept.join(",");
  }
  return out;
}
