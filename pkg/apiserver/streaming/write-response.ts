import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

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
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head}\r\n`);
  socket.end(bytes);
}
