import type { RequestInfo } from "../types.ts";

/** Requests that are being answered, to end those that take too long and, when the server drains, all. */
export interface Flight {
  /** Milliseconds since 1970; infinite for watches and streams. */
  deadline: number;
  /** Known once the path was read. */
  readonly info: RequestInfo | undefined;
  /** For a seat of its priority level. */
  readonly isWaiting?: boolean;
  /** Its place among the others; `InFlight`'s own. */
  slot?: number;
  /** Ends the request: why "timeout" (504) or "drain" (watches end, others may finish). */
  cut(why: "timeout" | "drain"): void;
}

const SWEEP_MS = 5_000;
export const REQUEST_TIMEOUT_MS = 60_000;

export class InFlight {
  /**
   * Not a Set: one that lives long leaves its outgrown tables, and with them all that went through it, to the next full
   * garbage collection.
   */
  readonly #flights: Flight[] = [];
  readonly #sweeper: NodeJS.Timeout;
  #idle: (() => void) | undefined;
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweeper.unref();
  }

  [Symbol.iterator](): Iterator<Flight> {
    return this.#flights.values();
  }

  add(flight: Flight): void {
    flight.slot = this.#flights.push(flight) - 1;
  }

  delete(flight: Flight): void {
    const { slot } = flight;
    if (slot === undefined) return;
    flight.slot = undefined;
    const last = this.#flights.pop() as Flight;
    if (last !== flight) {
      this.#flights[slot] = last;
      last.slot = slot;
    }
    if (this.#flights.length === 0) this.#idle?.();
  }

  /** Ends watches, waits up to `graceMs` for the rest. */
  async drain(graceMs: number): Promise<void> {
    clearInterval(this.#sweeper);
    // Cutting one may end it at once.
    for (const flight of this.#flights.slice()) if (flight.deadline === Number.POSITIVE_INFINITY) flight.cut("drain");
    if (this.#flights.length === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle = resolve;
    const timer = setTimeout(resolve, graceMs);
    await promise;
    clearTimeout(timer);
  }

  #sweep(): void {
    const now = this.#now();
    for (const flight of this.#flights.slice()) if (flight.deadline < now) flight.cut("timeout");
  }
}
