import type { IncomingHttpHeaders } from "node:http";
import { badRequest } from "#pkg/errors/index.ts";

const PREFIX = "base64url.bearer.authorization.k8s.io.";

/**
 * Browsers cannot set Authorization on a WebSocket, so that upstream takes a bearer token as a subprotocol. Moves it to
 * where tokens are looked for. @throws 400 when it is offered alone: it is none that could be chosen
 */
export function takeBearerProtocol(headers: IncomingHttpHeaders): void {
  const offered = headers["sec-websocket-protocol"];
  if (offered?.includes(PREFIX) !== true || headers.authorization !== undefined) return;
  const protocols = offered.split(",").map((protocol) => protocol.trim());
  const bearer = protocols.find((protocol) => protocol.startsWith(PREFIX));
  if (bearer === undefined) return;
  const others = protocols.filter((protocol) => !protocol.startsWith(PREFIX));
  if (others.length === 0) throw badRequest("missing additional subprotocol");
  headers.authorization = `Bearer ${Buffer.from(bearer.slice(PREFIX.length), "base64url").toString()}`;
  headers["sec-websocket-protocol"] = others.join(", ");
}
