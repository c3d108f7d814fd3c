import type { ApiRequest } from "./types.ts";

/** The encoded query without "?", "" when there is nothing to say. */
export function encodeQuery(query: ApiRequest["query"]): string {
  if (query === undefined) return "";
  const encoded = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) encoded.append(name, String(value));
  }
  return encoded.toString();
}
