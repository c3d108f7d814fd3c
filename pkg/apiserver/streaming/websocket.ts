import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { ApiError } from "#pkg/errors/index.ts";

/** The subprotocols that a WebSocket request offers, in its order; none where it is no WebSocket request. */
export function offeredProtocols(request: IncomingMessage): readonly string[] {
  if (request.headers.upgrade?.toLowerCase() !== "websocket") return [];
  const header = request.headers["sec-websocket-protocol"] ?? "";
  return header
    .split(",")
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== "");
}

/**
 * Completes the handshake with `protocol`. The library neither reads nor writes the header of subprotocols: it refuses
 * names with "/", which Kubernetes' tunnel has. A bad handshake is answered here, and rejects.
 */
export function acceptWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  protocol: string,
): Promise<WebSocket> {
  delete request.headers["sec-websocket-protocol"];
  const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  server.once("headers", (lines) => lines.push(`Sec-WebSocket-Protocol: ${protocol}`));
  server.once("wsClientError", (err, refused) => {
    refused.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    reject(new ApiError(400, "BadRequest", `WebSocket handshake: ${err.message}`));
  });
  server.handleUpgrade(request, socket, head, resolve);
  // The library is silent about a caller who is gone, and says at once whatever else it has to say.
  if (socket.destroyed) reject(new ApiError(400, "BadRequest", "WebSocket handshake: the caller went away"));
  return promise;
}
