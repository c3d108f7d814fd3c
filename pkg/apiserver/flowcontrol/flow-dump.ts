import { apiVersionOf } from "#pkg/api/resource-ref.ts";
import type { Route } from "../types.ts";
import type { FlowController } from "./flow-controller.ts";
import type { FlowStats } from "./flow-stats.ts";
import type { PriorityLevel } from "./priority-level.ts";
import type { Ticket } from "./ticket.ts";

const ROOT = "/debug/api_priority_and_fairness/";
type Table = readonly (readonly (string | number | boolean)[])[];

/** Upstream's debugging pages: what every level, every queue and every waiting request is doing, as padded CSV. */
export function flowDumpRoute(controller: FlowController): Route {
  const tables: Readonly<Record<string, (query: URLSearchParams) => Table>> = {
    dump_priority_levels: () => dumpLevels(controller),
    dump_queues: () => dumpQueues(controller.levels()),
    dump_requests: (query) => dumpRequests(controller.levels(), (query.get("includeRequestDetails") ?? "") !== ""),
  };
  const tableOf = (path: string): ((query: URLSearchParams) => Table) | undefined => {
    const name = path.slice(ROOT.length);
    return path.startsWith(ROOT) && Object.hasOwn(tables, name) ? tables[name] : undefined;
  };
  return {
    name: "flow dump",
    matches: ({ isResource, path }) => !isResource && tableOf(path) !== undefined,
    handle: async ({ info, query }) => ({
      kind: "bytes",
      status: 200,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: padded(tableOf(info.path)?.(query) ?? []),
    }),
  };
}

function dumpLevels(controller: FlowController): Table {
  const stats = [...controller.stats()];
  const rows = [...controller.levels()].map((level) => {
    if (level.isExempt) return [level.name, ...Array.from({ length: 9 }, () => "<none>")];
    const own = stats.filter((each) => each.level === level.name);
    const sum = (value: (each: FlowStats) => number): number => own.reduce((all, each) => all + value(each), 0);
    return [
      level.name,
      level.queues.filter((queue) => queue.waiting.length > 0).length,
      level.isIdle,
      level.isQuiescing,
      level.waiting,
      level.executing,
      sum((each) => each.dispatched),
      sum(({ rejected }) => (rejected.get("queue-full") ?? 0) + (rejected.get("concurrency-limit") ?? 0)),
      sum(({ rejected }) => rejected.get("time-out") ?? 0),
      sum(({ rejected }) => rejected.get("cancelled") ?? 0),
    ];
  });
  const headers = ["PriorityLevelName", "ActiveQueues", "IsIdle", "IsQuiescing", "WaitingRequests"];
  return [
    [
      ...headers,
      "ExecutingRequests",
      "DispatchedRequests",
      "RejectedRequests",
      "TimedoutRequests",
      "CancelledRequests",
    ],
    ...rows,
  ];
}

function dumpQueues(levels: Iterable<PriorityLevel>): Table {
  const rows = [...levels].flatMap((level) =>
    level.queues.map((queue) => [
      level.name,
      queue.index,
      queue.waiting.length,
      queue.executing,
      queue.seatsInUse,
      `${queue.nextAt}ss`,
      queue.waitingSeats,
      queue.waiting.reduce((most, { seats }) => Math.max(most, seats), 0),
      `${queue.work}ss`,
    ]),
  );
  const headers = ["PriorityLevelName", "Index", "PendingRequests", "ExecutingRequests", "SeatsInUse"];
  return [[...headers, "NextDispatchR", "InitialSeatsSum", "MaxSeatsSum", "TotalWorkSum"], ...rows];
}

function dumpRequests(levels: Iterable<PriorityLevel>, details: boolean): Table {
  const began = Date.now() - performance.now();
  const row = (ticket: Ticket, index: number): (string | number)[] => {
    const { flow, info, queue, seats, arrivedAt, user } = ticket;
    const arrived = new Date(began + arrivedAt).toISOString();
    const all = [flow.level.name, flow.name, queue?.index ?? 0, index, ticket.distinguisher, arrived, seats, 0, "0s"];
    if (!details) return all;
    const { verb, path, namespace, name, resource, subresource } = info;
    return [...all, user.name, verb, path, namespace, name, apiVersionOf(info), resource, subresource];
  };
  const headers = ["PriorityLevelName", "FlowSchemaName", "QueueIndex", "RequestIndexInQueue", "FlowDistingsher"];
  const more = ["UserName", "Verb", "APIPath", "Namespace", "Name", "APIVersion", "Resource", "SubResource"];
  return [
    [...headers, "ArriveTime", "InitialSeats", "FinalSeats", "AdditionalLatency", ...(details ? more : [])],
    ...[...levels].flatMap((level) => level.queues.flatMap(({ waiting }) => waiting.map(row))),
  ];
}

/** Cells end with a comma and stand below each other. */
function padded(table: Table): string {
  const [first = []] = table;
  const last = first.length - 1;
  const cells = table.map((row) => row.map((value, i) => (i < last ? `${value},` : String(value))));
  const widths = first.map((_, i) => Math.max(8, ...cells.map((row) => (row[i] ?? "").length + 1)));
  return cells
    .map((row) => `${row.map((cell, i) => (i < last ? cell.padEnd(widths[i] ?? 0) : cell)).join("")}\n`)
    .join("");
}
