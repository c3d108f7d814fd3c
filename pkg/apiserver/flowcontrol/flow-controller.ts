import { CATCH_ALL, MANDATORY_LEVELS, MANDATORY_SCHEMAS } from "#pkg/api/flowcontrol/default-objects.ts";
import type { FlowSchema, PriorityLevelConfiguration } from "#pkg/api/types/flowcontrol-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import type { ObjectReader, RequestInfo, UserInfo } from "../types.ts";
import { byPrecedence, type Flow, FlowTable } from "./flow.ts";
import { FlowStats, type RejectReason } from "./flow-stats.ts";
import { type LevelLimits, PriorityLevel } from "./priority-level.ts";
import { Ticket } from "./ticket.ts";
import { TurnShare } from "./turn-share.ts";
import { type CountObjects, isWide, seatsOf } from "./work-estimate.ts";

export interface FlowControllerOptions {
  /** Absent where the server has no FlowSchemas: then there are the mandatory ones. */
  readonly reader: Pick<ObjectReader, "list" | "onChange"> | undefined;
  /** All levels together. */
  readonly seats: number;
  readonly count: CountObjects;
}

const GROUP = "flowcontrol.apiserver.k8s.io/";
const RETRY_AFTER_SECONDS = 1;

/**
 * Gives each request of HTTPS callers its place (KEP-1040): found by FlowSchema, seated by priority level, spread over
 * turns of the event loop. A request that needs not wait passes without a promise.
 */
export class FlowController {
  readonly #options: FlowControllerOptions;
  readonly #levels = new Map<string, PriorityLevel>();
  readonly #stats = new Map<string, FlowStats>();
  readonly #turns = new TurnShare();
  #table: FlowTable | undefined;

  constructor(options: FlowControllerOptions) {
    this.#options = options;
    const forget = (): void => {
      this.#table = undefined;
    };
    for (const plural of ["flowschemas", "prioritylevelconfigurations"])
      options.reader?.onChange(GROUP + plural, forget);
  }

  /** The request's place. Until `leave` it counts as waiting or executing. */
  enter(user: UserInfo, info: RequestInfo, query: URLSearchParams, now: number): Ticket {
    this.#table ??= this.#read();
    const flow = this.#table.of(user, info);
    const { level } = flow;
    const seats = level.isExempt || !isWide(info) ? 1 : seatsOf(info, query, level.limits.nominal, this.#options.count);
    return new Ticket(flow, user, info, seats, now);
  }

  /**
   * Undefined when the request may go on at once; else resolves when it may. @throws 429 when its level has no room for
   * it, or none came within `waitMs`
   */
  start(ticket: Ticket, waitMs: number): Promise<void> | undefined {
    const { level, stats } = ticket.flow;
    if (level.tryStart(ticket)) {
      if (this.#turns.enter(ticket, ticket.arrivedAt)) return undefined;
      return new Promise((resolve) => {
        ticket.resolve = resolve;
      });
    }
    const queued = level.enqueue(ticket);
    if (queued !== true) {
      stats.reject(queued === undefined ? "concurrency-limit" : "queue-full");
      throw tooManyRequests();
    }
    const turn = new Promise<void>((resolve, reject) => {
      ticket.resolve = resolve;
      ticket.reject = reject;
      ticket.timer = setTimeout(() => this.#giveUp(ticket, "time-out"), waitMs);
    });
    // It may be narrower than what waits before it, and have its seat at once.
    this.#dispatch(level);
    return turn;
  }

  /** The request is answered, or its caller is gone. */
  leave(ticket: Ticket): void {
    if (ticket.state === "waiting") this.#giveUp(ticket, "cancelled");
    if (ticket.state !== "executing") return;
    const { level, stats } = ticket.flow;
    level.leave(ticket);
    stats.executed.observe((performance.now() - ticket.arrivedAt) / 1000);
    // Its seats may be what another level borrows.
    for (const each of this.#levels.values()) if (each.waiting > 0) this.#dispatch(each);
  }

  /** For dumps and metrics. */
  levels(): Iterable<PriorityLevel> {
    this.#table ??= this.#read();
    return this.#levels.values();
  }

  stats(): Iterable<FlowStats> {
    return this.#stats.values();
  }

  #dispatch(level: PriorityLevel): void {
    for (;;) {
      const ticket = level.dispatch();
      if (ticket === undefined) return;
      clearTimeout(ticket.timer);
      const now = performance.now();
      ticket.waitedMs = now - ticket.arrivedAt;
      ticket.flow.stats.waited.executed.observe(ticket.waitedMs / 1000);
      if (this.#turns.enter(ticket, now)) ticket.resolve?.();
    }
  }

  #giveUp(ticket: Ticket, why: RejectReason): void {
    const { level, stats } = ticket.flow;
    clearTimeout(ticket.timer);
    level.withdraw(ticket);
    stats.reject(why);
    stats.waited.rejected.observe((performance.now() - ticket.arrivedAt) / 1000);
    ticket.reject?.(tooManyRequests());
    // The next in line may be narrower.
    this.#dispatch(level);
  }

  #read(): FlowTable {
    const { reader } = this.#options;
    const list = <T>(plural: string): readonly T[] => (reader?.list(GROUP + plural) ?? []) as unknown as readonly T[];
    this.#configureLevels(
      withMandatory(list<PriorityLevelConfiguration>("prioritylevelconfigurations"), MANDATORY_LEVELS),
    );
    const flows: Flow[] = [];
    for (const schema of withMandatory(list<FlowSchema>("flowschemas"), MANDATORY_SCHEMAS).toSorted(byPrecedence)) {
      const level = this.#levels.get(schema.spec.priorityLevelConfiguration.name);
      if (level !== undefined && !level.isQuiescing) flows.push(this.#flow(schema, level));
    }
    const inUse = new Set(flows.map((flow) => flow.stats));
    for (const [key, stats] of this.#stats)
      if (!inUse.has(stats) && stats.executing + stats.waiting === 0) this.#stats.delete(key);
    return new FlowTable(flows, flows.find((flow) => flow.name === CATCH_ALL) as Flow);
  }

  #flow({ metadata, spec }: FlowSchema, level: PriorityLevel): Flow {
    const name = metadata.name ?? "";
    const key = `${name}/${level.name}`;
    let stats = this.#stats.get(key);
    if (stats === undefined) this.#stats.set(key, (stats = new FlowStats(name, level.name)));
    const distinguisher = spec.distinguisherMethod?.type ?? "";
    return { name, level, distinguisher, rules: spec.rules ?? [], uid: metadata.uid ?? "", stats };
  }

  #configureLevels(objects: readonly PriorityLevelConfiguration[]): void {
    const shares = ({ spec }: PriorityLevelConfiguration): number =>
      spec.limited?.nominalConcurrencyShares ?? spec.exempt?.nominalConcurrencyShares ?? 0;
    const all = objects.reduce((sum, object) => sum + shares(object), 0);
    for (const level of this.#levels.values()) level.isQuiescing = true;
    for (const object of objects) {
      const name = object.metadata.name ?? "";
      let level = this.#levels.get(name);
      if (level === undefined) this.#levels.set(name, (level = new PriorityLevel(name, this.#spare)));
      level.configure(object.metadata.uid ?? "", object.spec, this.#limits(object.spec, shares(object) / (all || 1)));
    }
    for (const [name, level] of this.#levels) if (level.isQuiescing && level.isIdle) this.#levels.delete(name);
  }

  #limits({ limited, exempt }: PriorityLevelConfiguration["spec"], part: number): LevelLimits {
    const { seats } = this.#options;
    const nominal = Math.ceil(seats * part);
    const lendable = Math.round((nominal * ((limited ?? exempt)?.lendablePercent ?? 0)) / 100);
    const borrowing = limited?.borrowingLimitPercent;
    const max = borrowing === undefined ? seats : nominal + Math.round((nominal * borrowing) / 100);
    return { nominal, lendable, max: Math.max(nominal, max) };
  }

  /** Seats of other levels that they lend and do not use. Upstream moves seats every ten seconds; here it is at once. */
  readonly #spare = (borrower: PriorityLevel): number => {
    let spare = 0;
    for (const level of this.#levels.values()) {
      if (level === borrower || level.isExempt) continue;
      const { nominal, lendable } = level.limits;
      const free = nominal - level.seatsInUse;
      // Negative for those that borrow themselves.
      spare += Math.min(lendable, free);
    }
    return spare;
  };
}

/** The stored objects, and the mandatory ones that are not stored (yet). */
function withMandatory<S, T extends { readonly metadata: { readonly name?: string }; readonly spec: S }>(
  stored: readonly T[],
  mandatory: Readonly<Record<string, S>>,
): T[] {
  const names = new Set(stored.map(({ metadata }) => metadata.name));
  const missing = Object.entries(mandatory).filter(([name]) => !names.has(name));
  return [...stored, ...missing.map(([name, spec]) => ({ metadata: { name, uid: "" }, spec }) as unknown as T)];
}

export function tooManyRequests(): ApiError {
  return new ApiError(429, "TooManyRequests", "Too many requests, please try again later.", {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
