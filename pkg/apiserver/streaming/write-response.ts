import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** How long a caller may take to read the last answer. */
const LINGER_MS = 1_000;

/** Closes the socket soon after its end was sent: who does not close their side keeps no socket. */
export function endSoon(socket: Duplex): void {
  socket.once("finish", () => setTimeout(() => socket.destroy(), LINGER_MS).unref());
}

/** Answers an Upgrade request that stays HTTP: there is no response object, only the socket. */
export function writeResponse(
  socket: Duplex,
  status: number,
  headers: readonly (readonly [string, string])[],
  body: Uint8Array | string,
): void {
  if (!socket.writable) return;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const lines = [...headers, ["Content-Length", String(bytes.length)], ["Connection", "close"]];
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  endSoon(socket);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head}\r\n`);
  socket.end(bytes);
}
