import type { RequestInfo, UserInfo } from "../types.ts";
import type { Flow } from "./flow.ts";
import type { FairQueue } from "./fair-queue.ts";

/** One request on its way through its priority level: waiting, then executing on its seats, then done. */
export class Ticket {
  readonly flow: Flow;
  readonly user: UserInfo;
  readonly info: RequestInfo;
  /** How many ordinary requests it counts as. */
  readonly seats: number;
  /** `performance.now()` of its arrival. */
  readonly arrivedAt: number;
  /** How long it waited for its seat. */
  waitedMs = 0;
  /** Undefined for one that did not have to wait. */
  queue: FairQueue | undefined;
  state: "new" | "waiting" | "executing" | "done" = "new";
  resolve: (() => void) | undefined;
  reject: ((why: Error) => void) | undefined;
  timer: NodeJS.Timeout | undefined;

  constructor(flow: Flow, user: UserInfo, info: RequestInfo, seats: number, arrivedAt: number) {
    this.flow = flow;
    this.user = user;
    this.info = info;
    this.seats = seats;
    this.arrivedAt = arrivedAt;
  }

  /** Requests with the same key are one flow. */
  get flowKey(): string {
    return `${this.flow.name},${this.distinguisher}`;
  }

  get distinguisher(): string {
    const { distinguisher } = this.flow;
    if (distinguisher === "ByUser") return this.user.name;
    return distinguisher === "ByNamespace" ? this.info.namespace : "";
  }
}
