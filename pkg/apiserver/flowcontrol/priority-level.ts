import type { PriorityLevelConfigurationSpec } from "#pkg/api/types/flowcontrol-v1.ts";
import { FairQueue } from "./fair-queue.ts";
import { dealHand } from "./shuffle-shard.ts";
import type { Ticket } from "./ticket.ts";

export interface LevelLimits {
  /** Seats that are always its own. */
  readonly nominal: number;
  /** How many of them others may use while it does not. */
  readonly lendable: number;
  /** How many it may have with those of others. */
  readonly max: number;
}

/** What a level asks about the seats that others leave unused. */
export type SpareSeats = (level: PriorityLevel) => number;

/**
 * The seats of one PriorityLevelConfiguration, and who waits for them:
 *
 *   enter ─▶ a free seat: execute at once ────────────────────────▶ leave
 *         └▶ none: the shortest queue of the flow's hand ─▶ dispatch ┘   or full: refuse
 *
 * Among queues the one that was served least comes next, so that a flow gets its share however much it asks for.
 */
export class PriorityLevel {
  readonly name: string;
  uid = "";
  isExempt = false;
  /** Its object is gone; it goes on until nobody is left. */
  isQuiescing = false;
  limits: LevelLimits = { nominal: 0, lendable: 0, max: 0 };
  executing = 0;
  seatsInUse = 0;
  waiting = 0;
  #queuing: { readonly queues: number; readonly handSize: number; readonly queueLengthLimit: number } | undefined;
  readonly #queues: FairQueue[] = [];
  readonly #active = new Set<FairQueue>();
  #virtualTime = 0;
  readonly #spare: SpareSeats;

  constructor(name: string, spare: SpareSeats) {
    this.name = name;
    this.#spare = spare;
  }

  configure(uid: string, spec: PriorityLevelConfigurationSpec, limits: LevelLimits): void {
    this.uid = uid;
    this.isExempt = spec.type === "Exempt";
    this.isQuiescing = false;
    this.limits = limits;
    const queuing = spec.limited?.limitResponse?.queuing;
    this.#queuing = queuing && {
      queues: queuing.queues ?? 64,
      handSize: queuing.handSize ?? 8,
      queueLengthLimit: queuing.queueLengthLimit ?? 50,
    };
  }

  /** Those that hold or held something; more come as they are dealt. */
  get queues(): readonly FairQueue[] {
    return this.#queues.filter((queue) => queue !== undefined);
  }

  get isIdle(): boolean {
    return this.executing === 0 && this.waiting === 0;
  }

  /** Gives the request its seats at once, when there are any and nobody waits for them. */
  tryStart(ticket: Ticket): boolean {
    if (!this.isExempt && (this.waiting > 0 || !this.#hasRoomFor(ticket.seats))) return false;
    this.#start(ticket);
    return true;
  }

  /** Lets the request wait. False when its queues are full; undefined when the level has none. */
  enqueue(ticket: Ticket): boolean | undefined {
    if (this.#queuing === undefined) return undefined;
    const { queues, handSize, queueLengthLimit } = this.#queuing;
    let shortest: FairQueue | undefined;
    for (const index of dealHand(ticket.flowKey, queues, handSize)) {
      const queue = (this.#queues[index] ??= new FairQueue(index));
      if (shortest === undefined || queue.work < shortest.work) shortest = queue;
    }
    if (shortest === undefined || shortest.waiting.length >= queueLengthLimit) return false;
    if (shortest.waiting.length === 0) {
      shortest.nextAt = Math.max(shortest.nextAt, this.#virtualTime);
      this.#active.add(shortest);
    }
    shortest.push(ticket);
    this.waiting++;
    ticket.flow.stats.waiting++;
    ticket.flow.stats.waitingSeats += ticket.seats;
    ticket.state = "waiting";
    return true;
  }

  /** The next that may execute now; it has its seats. */
  dispatch(): Ticket | undefined {
    if (this.waiting === 0) return undefined;
    let next: FairQueue | undefined;
    // By when they would be done: of two flows that are due, the one that wants less is served first.
    for (const queue of this.#active) if (next === undefined || queue.doneAt < next.doneAt) next = queue;
    const ticket = next?.waiting[0];
    if (next === undefined || ticket === undefined || !this.#hasRoomFor(ticket.seats)) return undefined;
    this.#virtualTime = next.nextAt;
    next.nextAt += ticket.seats;
    this.withdraw(ticket);
    this.#start(ticket);
    next.executing++;
    next.seatsInUse += ticket.seats;
    return ticket;
  }

  /** Takes out one that waits. */
  withdraw(ticket: Ticket): void {
    const { queue, flow } = ticket;
    if (queue === undefined || ticket.state !== "waiting") return;
    queue.remove(ticket);
    if (queue.waiting.length === 0) this.#active.delete(queue);
    this.waiting--;
    flow.stats.waiting--;
    flow.stats.waitingSeats -= ticket.seats;
    ticket.state = "done";
  }

  leave(ticket: Ticket): void {
    if (ticket.state !== "executing") return;
    ticket.state = "done";
    const { flow, queue, seats } = ticket;
    this.executing--;
    this.seatsInUse -= seats;
    flow.stats.executing--;
    flow.stats.executingSeats -= seats;
    if (queue === undefined) return;
    queue.executing--;
    queue.seatsInUse -= seats;
  }

  #start(ticket: Ticket): void {
    const { stats } = ticket.flow;
    ticket.state = "executing";
    this.executing++;
    this.seatsInUse += ticket.seats;
    stats.executing++;
    stats.executingSeats += ticket.seats;
    stats.dispatched++;
  }

  #hasRoomFor(seats: number): boolean {
    const wanted = this.seatsInUse + seats;
    const { nominal, max } = this.limits;
    if (wanted <= nominal) return true;
    if (wanted <= max && wanted - nominal <= this.#spare(this)) return true;
    // One that is wider than the level is served alone, or it would never be.
    return this.seatsInUse === 0 && nominal > 0;
  }
}
