import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { joinStreams } from "#pkg/async/index.ts";
import { ApiError } from "#pkg/errors/index.ts";
import type { Backend, BackendRequest, UpgradeAnswer } from "./backend.ts";
import { dialErrorText } from "./dial-error.ts";
import { upgradeHeaders } from "./request-headers.ts";
import { answeredLines } from "./response-headers.ts";
import type { Location } from "./types.ts";
import { endSoon } from "./write-response.ts";

/** Asks the backend to switch protocols. @throws 500 in upstream's words where it cannot be reached */
export async function dialUpgrade(
  backend: Backend,
  location: Location,
  request: BackendRequest,
): Promise<UpgradeAnswer> {
  try {
    return await backend.upgrade(location, request);
  } catch (err) {
    const why = dialErrorText(err, location.host, location.port);
    throw new ApiError(500, "Unknown", `error dialing backend: ${why}`);
  }
}

/** Hands an Upgrade request on and then moves bytes, both ways, until either side ends. */
export async function proxyUpgrade(
  backend: Backend,
  location: Location,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  signal: AbortSignal,
): Promise<void> {
  const answer = await dialUpgrade(backend, location, {
    method: request.method ?? "GET",
    headers: upgradeHeaders(request.headers),
    signal,
  });
  if (!answer.upgraded) return handOnRefusal(answer.response, socket);
  await handOnUpgrade(answer.response, socket, head, answer.socket, answer.head);
}

/** The backend switched protocols: its answer, and then bytes both ways. */
export async function handOnUpgrade(
  response: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  backendSocket: Duplex,
  backendHead: Buffer,
): Promise<void> {
  let text = `HTTP/1.1 101 ${response.statusMessage ?? "Switching Protocols"}\r\n`;
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2) {
    text += `${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}\r\n`;
  }
  socket.write(`${text}\r\n`);
  await joinSockets(socket, head, backendSocket, backendHead);
}

/** The backend did not switch: its response is the answer. */
export async function handOnRefusal(response: IncomingMessage, socket: Duplex): Promise<void> {
  if (!socket.writable) {
    response.destroy();
    return;
  }
  endSoon(socket);
  const lines = answeredLines(response).map(([name, value]) => `${name}: ${value}\r\n`);
  const status = `${response.statusCode ?? 502} ${response.statusMessage ?? ""}`;
  socket.write(`HTTP/1.1 ${status}\r\n${lines.join("")}Connection: close\r\n\r\n`, "latin1");
  await pipeline(response, socket);
}

/** Moves bytes between two sockets until both are closed, beginning with what came with their heads. */
export async function joinSockets(a: Duplex, aHead: Buffer, b: Duplex, bHead: Buffer): Promise<void> {
  if (bHead.length > 0) a.write(bHead);
  if (aHead.length > 0) b.write(aHead);
  await joinStreams(a, b);
}
