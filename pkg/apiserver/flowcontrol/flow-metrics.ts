import { headOf } from "../http/metric-text.ts";
import type { FlowController } from "./flow-controller.ts";
import type { FlowStats } from "./flow-stats.ts";
import type { PriorityLevel } from "./priority-level.ts";

const PREFIX = "apiserver_flowcontrol_";

/** Upstream's metrics of API priority and fairness, as lines of Prometheus text. */
export function flowMetrics(controller: FlowController): string[] {
  const lines: string[] = [];
  const levels = [...controller.levels()].filter((level) => !level.isExempt);
  const stats = [...controller.stats()];
  const level = (name: string, help: string, value: (level: PriorityLevel) => number): void => {
    lines.push(...headOf(PREFIX + name, "gauge", help));
    for (const each of levels) lines.push(`${PREFIX}${name}{priority_level="${each.name}"} ${value(each)}`);
  };
  const flow = (name: string, help: string, type: "gauge" | "counter", value: (stats: FlowStats) => number): void => {
    lines.push(...headOf(PREFIX + name, type, help));
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
  const rejected = `${PREFIX}rejected_requests_total`;
  lines.push(...headOf(rejected, "counter", "Requests that were refused, by reason."));
  for (const each of stats)
    for (const [reason, count] of each.rejected) lines.push(`${rejected}{${labels(each)},reason="${reason}"} ${count}`);
  const wait = `${PREFIX}request_wait_duration_seconds`;
  lines.push(...headOf(wait, "histogram", "How long requests waited."));
  for (const each of stats) {
    each.waited.executed.write(lines, wait, `execute="true",${labels(each)}`);
    each.waited.rejected.write(lines, wait, `execute="false",${labels(each)}`);
  }
  const execution = `${PREFIX}request_execution_seconds`;
  lines.push(...headOf(execution, "histogram", "How long requests took."));
  for (const each of stats) each.executed.write(lines, execution, labels(each));
  return lines;
}

const labels = (stats: FlowStats): string => `flow_schema="${stats.schema}",priority_level="${stats.level}"`;
