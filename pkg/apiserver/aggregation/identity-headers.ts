import type { OutgoingHttpHeaders } from "node:http";
import type { UserInfo } from "../types.ts";

/** Bytes of an HTTP token (RFC 9110, 5.6.2), without "%", which escapes the others. */
const PLAIN = /^[A-Za-z0-9!#$&'*+.^_`|~-]$/;

/** Node writes header values as Latin-1; as Go's client, names go out in UTF-8. */
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");

/** Who asks, told to an extension server by the authenticating proxy (request header authentication). */
export function identityHeaders(user: UserInfo): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { "x-remote-user": utf8(user.name) };
  if (user.uid) headers["x-remote-uid"] = utf8(user.uid);
  if (user.groups.length > 0) headers["x-remote-group"] = user.groups.map(utf8);
  for (const [key, values] of Object.entries(user.extra ?? {}))
    headers[`x-remote-extra-${escapeKey(key)}`] = values.map(utf8);
  return headers;
}

/** A key of `extra` as part of a header's name: bytes that may not stand there as %XX. */
function escapeKey(key: string): string {
  let out = "";
  for (const byte of Buffer.from(key)) {
    const char = String.fromCharCode(byte);
    out += PLAIN.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}
