import type { Ticket } from "./ticket.ts";

/** One of a level's queues: first come, first served. */
export class FairQueue {
  readonly index: number;
  readonly waiting: Ticket[] = [];
  executing = 0;
  seatsInUse = 0;
  waitingSeats = 0;
  /** The virtual time at which its head may be served. It grows with what is served from here. */
  nextAt = 0;

  constructor(index: number) {
    this.index = index;
  }

  get work(): number {
    return this.waitingSeats + this.seatsInUse;
  }

  /** The virtual time at which its head would be done. */
  get doneAt(): number {
    return this.nextAt + (this.waiting[0]?.seats ?? 0);
  }

  push(ticket: Ticket): void {
    this.waiting.push(ticket);
    this.waitingSeats += ticket.seats;
    ticket.queue = this;
  }

  /** Takes it out from wherever it stands. */
  remove(ticket: Ticket): void {
    const at = this.waiting.indexOf(ticket);
    if (at < 0) return;
    this.waiting.splice(at, 1);
    this.waitingSeats -= ticket.seats;
  }
}
