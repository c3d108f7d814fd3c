/** Upstream's bounds of what API priority and fairness measures, in seconds. */
export const FLOW_BUCKETS = [0, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30];

export type RejectReason = "queue-full" | "concurrency-limit" | "time-out" | "cancelled";

/** Counts per bucket; of those above the last bound, `count` alone knows. */
export class Histogram {
  readonly counts: number[] = FLOW_BUCKETS.map(() => 0);
  sum = 0;
  count = 0;

  observe(seconds: number): void {
    this.sum += seconds;
    this.count++;
    for (let i = 0; i < FLOW_BUCKETS.length; i++)
      if (seconds <= (FLOW_BUCKETS[i] as number)) {
        (this.counts[i] as number)++;
        return;
      }
  }
}

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
  readonly waited = { executed: new Histogram(), rejected: new Histogram() };
  readonly executed = new Histogram();

  constructor(schema: string, level: string) {
    this.schema = schema;
    this.level = level;
  }

  reject(why: RejectReason): void {
    this.rejected.set(why, (this.rejected.get(why) ?? 0) + 1);
  }
}
