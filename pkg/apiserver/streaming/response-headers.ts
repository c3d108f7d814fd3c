import type { IncomingMessage } from "node:http";
import { isHopByHop } from "./request-headers.ts";

/** Which pages of other origins may read answers is this server's to say, not a backend's (upstream removes them too). */
const CORS: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-allow-headers",
  "access-control-allow-methods",
  "access-control-allow-origin",
]);

const isKept = (name: string, response: IncomingMessage): boolean =>
  !CORS.has(name) && !isHopByHop(name, response.headers.connection);

/** A backend's headers for the caller: without those of its connection. */
export function answeredHeaders(response: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined && isKept(name, response)) headers[name] = value;
  return headers;
}

/** The same, line by line as they came. */
export function answeredLines(response: IncomingMessage): [string, string][] {
  const { rawHeaders } = response;
  const lines: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (isKept(name.toLowerCase(), response)) lines.push([name, rawHeaders[i + 1] as string]);
  }
  return lines;
}
