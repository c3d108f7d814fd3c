/**
 * The kubelet's own API:
 *
 *   request ─▶ authenticate (client certificate, token by TokenReview) ─▶ authorize (SubjectAccessReview on nodes/…) ─▶ route
 *
 * A route is a file; `routes.ts` lists them. Upgrade requests go to routes that have `upgrade`.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Who asks. */
export interface Caller {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

export interface RouteRequest {
  readonly method: string;
  /** Path segments after the route's prefix, decoded. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  /** Aborts when the caller is gone or the server stops. */
  readonly signal: AbortSignal;
}

/** One path of the kubelet's API, or all below it. */
export interface Route {
  /** "/containerLogs": the first path segments. */
  readonly prefix: string;
  /** Upper-case; everything else is answered 405. */
  readonly methods: readonly string[];
  readonly handle?: (request: RouteRequest, response: ServerResponse) => Promise<void>;
  /** Takes over the connection; a refusal throws before anything is written. */
  readonly upgrade?: (request: RouteRequest, socket: Duplex, head: Buffer) => Promise<void>;
}

/** An answer that is no success; the body is the message, as upstream's kubelet answers in plain text. */
export class HttpError extends Error {
  readonly code = "HTTP_ERROR";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "HttpError";
    this.status = status;
  }
}
