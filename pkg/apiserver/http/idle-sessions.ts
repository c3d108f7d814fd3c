import type { Http2Session } from "node:http2";
import { Exchange } from "./exchange.ts";
import { Http2Response } from "./http2-exchange.ts";
import type { Flight } from "./in-flight.ts";

/** How often sessions are looked at in the time that they may be idle. */
const LOOKS = 10;

export interface IdleSessionsOptions {
  readonly idleTimeoutMs: number;
  /** What is being answered; a session that has any of it is in use. */
  readonly inFlight: Iterable<Flight>;
  /** Milliseconds. */
  readonly now?: () => number;
}

interface Seen {
  /** The last stream that its client began. */
  streamId: number;
  usedAt: number;
}

/**
 * Ends HTTP/2 sessions on which nothing was asked for some time, by GOAWAY, as Go's server does. Pings of clients do not
 * count, and a watch that is silent does. All are looked at together now and then: requests cost nothing more for it.
 */
export class IdleSessions {
  readonly #options: IdleSessionsOptions;
  readonly #now: () => number;
  readonly #sessions = new Map<Http2Session, Seen>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: IdleSessionsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#timer = setInterval(() => this.sweep(), options.idleTimeoutMs / LOOKS);
    this.#timer.unref();
  }

  add(session: Http2Session): void {
    this.#sessions.set(session, { streamId: 0, usedAt: this.#now() });
    session.once("close", () => this.#sessions.delete(session));
  }

  /** Ends all as they have answered. */
  close(): void {
    clearInterval(this.#timer);
    for (const session of this.#sessions.keys()) session.close();
  }

  sweep(): void {
    const { idleTimeoutMs, inFlight } = this.#options;
    const now = this.#now();
    const used = new Set<unknown>();
    for (const flight of inFlight) {
      if (flight instanceof Exchange && flight.response instanceof Http2Response) {
        used.add(flight.response.stream.session);
      }
    }
    for (const [session, seen] of this.#sessions) {
      if (session.closed) continue;
      const streamId = session.state.lastProcStreamID ?? 0;
      if (used.has(session) || streamId !== seen.streamId) {
        seen.streamId = streamId;
        seen.usedAt = now;
      } else if (now - seen.usedAt >= idleTimeoutMs) session.close();
    }
  }
}
