import type { Readable } from "node:stream";

/** One HTTP exchange, whichever version carries it. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Destroy it to end the exchange early. */
  readonly body: Readable;
}

/** Connections to one server as one identity. */
export interface Connection {
  /** Resolves when the headers are there. Rejects with ConnectionError when nobody answered. */
  send(exchange: Exchange): Promise<Answer>;
  /** No new exchanges; those under way go on. */
  retire(): void;
  destroy(): void;
}

/** Nobody answered, or the connection broke before an answer. */
export class ConnectionError extends Error {
  readonly code = "CONNECTION";
  /** True when the server surely did nothing: the request may be sent again whatever it was. */
  readonly unprocessed: boolean;

  constructor(server: string, cause: unknown, unprocessed = false) {
    super(`Cannot reach ${server}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "ConnectionError";
    this.unprocessed = unprocessed;
  }
}

/** An abort reason is passed on as it is; everything else is the connection's fault. */
export function failureOf(server: string, err: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted === true) return signal.reason instanceof Error ? signal.reason : new Error("aborted");
  const code = (err as NodeJS.ErrnoException | undefined)?.code;
  const refused = code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EHOSTUNREACH";
  const message = err instanceof Error ? err.message : "";
  return new ConnectionError(server, err, refused || message.includes("NGHTTP2_REFUSED_STREAM"));
}
