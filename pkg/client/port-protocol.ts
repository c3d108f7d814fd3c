/**
 * Messages between a worker thread's client and the API server's thread, over one MessagePort. The user is fixed when
 * the port is opened. Objects travel as JSON text: a string copies faster than a structured clone, and the server has
 * the text of what it serves at hand; managedFields are left out. What one side has to say in one turn comes as one
 * list of messages, in order.
 *
 *   client                              server
 *   request {id} ─────────────────────▶
 *              ◀───────────────────── response {id}              once
 *   watch {id}   ─────────────────────▶
 *              ◀───────────────────── started {id}, or response {id} with an error Status
 *              ◀───────────────────── events {id, texts}         many
 *   ack {id, count} ──────────────────▶                          after taking in `ACK_EVENTS` or more
 *              ◀───────────────────── ended {id}                 the server ended the watch
 *   abort {id}   ─────────────────────▶                          nothing more comes for this id
 *
 * At most `MAX_UNACKED_EVENTS` events are under way for a watch; one that falls behind by more than
 * `MAX_BUFFERED_EVENTS` is ended, and the client watches again from its last resourceVersion.
 */
import type { ApiRequest } from "./types.ts";

export const MAX_UNACKED_EVENTS = 1_000;
export const MAX_BUFFERED_EVENTS = 20_000;
/** Telling of each batch would wake the server's thread as often as it wakes this one. */
export const ACK_EVENTS = 250;

export interface PortRequest {
  readonly type: "request" | "watch";
  /** Chosen by the client, unique on the port. */
  readonly id: number;
  readonly method: ApiRequest["method"];
  /** Path without query, percent-encoded. */
  readonly path: string;
  /** Encoded query without "?", "" when there is none; `watch=true` is in it for watches. */
  readonly query: string;
  /** JSON text. */
  readonly body?: string;
  /** "application/json" where absent. */
  readonly contentType?: string;
  /** Answers and events carry PartialObjectMetadata. */
  readonly metadataOnly?: boolean;
}

export type PortClientMessage =
  | PortRequest
  | { readonly type: "abort"; readonly id: number }
  | { readonly type: "ack"; readonly id: number; readonly count: number };

export type PortServerMessage =
  | {
      readonly type: "response";
      readonly id: number;
      /** HTTP status; from 400 on `text` is a metav1.Status. */
      readonly status: number;
      readonly text: string;
      /** True when `text` is JSON; otherwise it is the answer itself (logs, health). */
      readonly json: boolean;
    }
  | { readonly type: "started"; readonly id: number }
  /** Each text is one `{"type":…,"object":…}`. */
  | { readonly type: "events"; readonly id: number; readonly texts: readonly string[] }
  | { readonly type: "ended"; readonly id: number };
