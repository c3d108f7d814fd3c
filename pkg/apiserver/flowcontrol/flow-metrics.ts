import type { FlowController } from "./flow-controller.ts";
import { FLOW_BUCKETS, type FlowStats, type Histogram } from "./flow-stats.ts";
import type { PriorityLevel } from "./priority-level.ts";

const PREFIX = "apiserver_flowcontrol_";

/** Upstream's metrics of API priority and fairness, as lines of Prometheus text. */
export function flowMetrics(controller: FlowController): string[] {
  const lines: string[] = [];
  const levels = [...controller.levels()].filter((level) => !level.isExempt);
  const stats = [...controller.stats()];
  const level = (name: string, help: string, value: (level: PriorityLevel) => number): void => {
    lines.push(...head(name, help, "gauge"));
    for (const each of levels) lines.push(`${PREFIX}${name}{priority_level="${each.name}"} ${value(each)}`);
  };
  const flow = (name: string, help: string, type: string, value: (stats: FlowStats) => number): void => {
    lines.push(...head(name, help, type));
    for (const each of stats) lines.push(`${PREFIX}${name}{${labels(each)}} ${value(each)}`);
  };
  const nominal = (each: PriorityLevel): number => each.limits.nominal;
  level("request_concurrency_limit", "Nominal number of seats of a level.", nominal);
  level("nominal_limit_seats", "Nominal number of seats of a level.", nominal);
  level("lower_limit_seats", "Seats that a level never lends.", ({ limits }) => limits.nominal - limits.lendable);
  level("upper_limit_seats", "Seats that a level may have with those it borrows.", ({ limits }) => limits.max);
  level("current_limit_seats", "Seats that a level has now.", (each) => Math.max(nominal(each), each.seatsInUse));
  level("request_concurrency_in_use", "Seats of a level in use.", ({ seatsInUse }) => seatsInUse);
  flow("current_executing_requests", "Requests that execute now.", "gauge", (each) => each.executing);
  flow("current_executing_seats", "Seats of requests that execute now.", "gauge", (each) => each.executingSeats);
  flow("current_inqueue_requests", "Requests that wait now.", "gauge", (each) => each.waiting);
  flow("current_inqueue_seats", "Seats of requests that wait now.", "gauge", (each) => each.waitingSeats);
  flow("dispatched_requests_total", "Requests that were executed.", "counter", (each) => each.dispatched);
  lines.push(...head("rejected_requests_total", "Requests that were refused, by reason.", "counter"));
  for (const each of stats)
    for (const [reason, count] of each.rejected)
      lines.push(`${PREFIX}rejected_requests_total{${labels(each)},reason="${reason}"} ${count}`);
  lines.push(...head("request_wait_duration_seconds", "How long requests waited.", "histogram"));
  for (const each of stats) {
    pushHistogram(lines, "request_wait_duration_seconds", `execute="true",${labels(each)}`, each.waited.executed);
    pushHistogram(lines, "request_wait_duration_seconds", `execute="false",${labels(each)}`, each.waited.rejected);
  }
  lines.push(...head("request_execution_seconds", "How long requests took.", "histogram"));
  for (const each of stats) pushHistogram(lines, "request_execution_seconds", labels(each), each.executed);
  return lines;
}

const labels = (stats: FlowStats): string => `flow_schema="${stats.schema}",priority_level="${stats.level}"`;

const head = (name: string, help: string, type: string): string[] => [
  `# HELP ${PREFIX}${name} ${help}`,
  `# TYPE ${PREFIX}${name} ${type}`,
];

function pushHistogram(lines: string[], name: string, labelText: string, { counts, sum, count }: Histogram): void {
  if (count === 0) return;
  let total = 0;
  for (const [i, bound] of FLOW_BUCKETS.entries()) {
    total += counts[i] as number;
    lines.push(`${PREFIX}${name}_bucket{${labelText},le="${bound}"} ${total}`);
  }
  lines.push(`${PREFIX}${name}_bucket{${labelText},le="+Inf"} ${count}`);
  lines.push(`${PREFIX}${name}_sum{${labelText}} ${sum}`, `${PREFIX}${name}_count{${labelText}} ${count}`);
}
