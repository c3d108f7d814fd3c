import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { ApiError, internalError } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { UpgradeHandler } from "../types.ts";

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

/** A handler whose failures before the switch of protocols become a Status on the socket, and never more. */
export function answeringErrors(handler: UpgradeHandler, log: Logger): UpgradeHandler {
  return async (context, request, socket, head) => {
    // A caller that goes away while we look for its pod must not end the process.
    socket.on("error", () => socket.destroy());
    try {
      await handler(context, request, socket, head);
    } catch (err) {
      if (!(err instanceof ApiError)) log.error("stream failed", { path: context.path, err });
      const status = (err instanceof ApiError ? err : internalError(String(err))).toStatus();
      writeResponse(socket, status.code ?? 500, [["Content-Type", "application/json"]], JSON.stringify(status));
    }
  };
}
