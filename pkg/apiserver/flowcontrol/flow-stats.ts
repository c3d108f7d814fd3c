import { Histogram } from "../http/metric-text.ts";

/** Upstream's bounds of what API priority and fairness measures, in seconds. */
const BUCKETS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

export type RejectReason = "queue-full" | "concurrency-limit" | "time-out" | "cancelled";

/** What happened to the requests of one FlowSchema at one level; it outlives changes of both. */
export class FlowStats {
  readonly schema: string;
  readonly level: string;
  dispatched = 0;
  executing = 0;
  executingSeats = 0;
  waiting = 0;
  waitingSeats = 0;
  readonly rejected = new Map<RejectReason, number>();
  readonly waited = { executed: new Histogram(BUCKETS), rejected: new Histogram(BUCKETS) };
  readonly executed = new Histogram(BUCKETS);

  constructor(schema: string, level: string) {
    this.schema = schema;
    this.level = level;
  }

  reject(why: RejectReason): void {
    this.rejected.set(why, (this.rejected.get(why) ?? 0) + 1);
  }
}
