import type { WebhookClientConfig } from "#pkg/api/types/admissionregistration-v1.ts";

/**
 * The client of webhooks, shared by admission and by CRD conversion. One POST of a review, one answer:
 *
 *   WebhookCaller.call ─▶ place (url, or a ready endpoint of the service) ─▶ TLS, POST ─▶ parsed JSON
 *
 * Whoever calls makes the review, checks the answer (kind, uid) and decides what a failure means.
 */
export interface WebhookCaller {
  /** The JSON that the webhook answered. @throws WebhookCallError */
  call(request: WebhookCall): Promise<unknown>;
  /** Closes idle connections. */
  close(): void;
}

export interface WebhookCall {
  /** Of admissionregistration.k8s.io/v1 and of apiextensions.k8s.io/v1: both have the same form. */
  readonly config: WebhookClientConfig;
  /** Encoded as JSON; a Uint8Array is sent as it is. */
  readonly body: object;
  /** The whole call may take this long; 10 s unless told. */
  readonly timeoutMs?: number;
  /** Adds `timeout=10s` to the query, as upstream's admission and conversion do. */
  readonly tellTimeout?: boolean;
  /** Aborts the call with the request that it is part of. */
  readonly signal?: AbortSignal;
  /** A larger answer is an error; 16 MiB unless told. */
  readonly maxResponseBytes?: number;
}

export type WebhookCallFailure =
  /** The config names no place, or the service has no ready endpoint. */
  | "unresolved"
  /** No connection, or it broke. */
  | "connection"
  | "timeout"
  /** Another status than 2xx. */
  | "status"
  /** No JSON, or too large. */
  | "response";

/** A call that got no answer. `message` is worded as upstream's client does: `Post "https://…": context deadline exceeded`. */
export class WebhookCallError extends Error {
  readonly code: WebhookCallFailure;

  constructor(code: WebhookCallFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "WebhookCallError";
    this.code = code;
  }
}
