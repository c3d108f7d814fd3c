import type { Ticket } from "./ticket.ts";

/** How long requests may run, one after another, before the event loop looks at other connections. */
const TURN_MS = 5;

/**
 * Seats bound how many requests execute; since all of them share one thread, this bounds for how long, also for those
 * that need no seat. Requests that
 * arrive in the same turn run at once until the turn's time is used up. Those beyond it run in later turns, a flow
 * after another, however many requests the first flow has.
 */
export class TurnShare {
  /** `performance.now()` when the first request of this turn began; -1 between turns. */
  #began = -1;
  /** By flow, in the order in which flows come next. */
  readonly #waiting = new Map<string, Ticket[]>();
  #size = 0;
  #isScheduled = false;

  /** Whether the request may run in this turn; otherwise it is called on later. */
  enter(ticket: Ticket, now: number): boolean {
    if (this.#began < 0) {
      this.#began = now;
      this.#schedule();
    }
    if (now - this.#began < TURN_MS && (this.#size === 0 || !this.#waiting.has(ticket.flowKey))) return true;
    const key = ticket.flowKey;
    const line = this.#waiting.get(key);
    if (line === undefined) this.#waiting.set(key, [ticket]);
    else line.push(ticket);
    this.#size++;
    return false;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#endTurn);
  }

  readonly #endTurn = (): void => {
    this.#isScheduled = false;
    this.#began = -1;
    if (this.#size === 0) return;
    this.#began = performance.now();
    this.#runNext();
  };

  readonly #runNext = (): void => {
    if (this.#size === 0 || performance.now() - this.#began >= TURN_MS) {
      // Who arrives before the next of these begins a turn of its own.
      this.#began = -1;
      if (this.#size > 0) this.#schedule();
      return;
    }
    const [key, line] = this.#waiting.entries().next().value as [string, Ticket[]];
    const ticket = line.shift();
    this.#waiting.delete(key);
    if (line.length > 0) this.#waiting.set(key, line);
    this.#size--;
    ticket?.resolve?.();
    // From a microtask, so that it is called when all that the request does in this turn is done.
    queueMicrotask(() => process.nextTick(this.#runNext));
  };
}
