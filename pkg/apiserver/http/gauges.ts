import type { RequestInfo } from "../types.ts";
import type { Flight } from "./in-flight.ts";
import { seriesLabels } from "./request-metrics.ts";

/** What the server holds when it is asked. */
export interface ServerState {
  readonly flights: Iterable<Flight>;
  /** Objects by resource: "pods", "apps/deployments". */
  readonly objects: Iterable<readonly [resource: string, count: number]>;
  readonly storeBytes: number;
}

const READING = new Set(["get", "list", "watch", "head", "options"]);

/** The state as Prometheus text, in upstream's names: one line each, without an end. */
export function gauges({ flights, objects, storeBytes }: ServerState): string[] {
  const inFlight = { mutating: 0, readOnly: 0 };
  const waiting = { mutating: 0, readOnly: 0 };
  const longRunning = new Map<string, number>();
  for (const { info, deadline, isWaiting } of flights) {
    if (info === undefined) continue;
    if (deadline === Number.POSITIVE_INFINITY) count(longRunning, info);
    else (isWaiting === true ? waiting : inFlight)[READING.has(info.verb) ? "readOnly" : "mutating"]++;
  }
  const lines = [
    "# HELP apiserver_current_inflight_requests Requests being answered now, long-running ones apart, by kind.",
    "# TYPE apiserver_current_inflight_requests gauge",
    ...Object.entries(inFlight).map(
      ([kind, size]) => `apiserver_current_inflight_requests{request_kind="${kind}"} ${size}`,
    ),
    "# HELP apiserver_current_inqueue_requests Requests that wait for a seat of their priority level, by kind.",
    "# TYPE apiserver_current_inqueue_requests gauge",
    ...Object.entries(waiting).map(
      ([kind, size]) => `apiserver_current_inqueue_requests{request_kind="${kind}"} ${size}`,
    ),
    "# HELP apiserver_longrunning_requests Watches, logs and other streams open now.",
    "# TYPE apiserver_longrunning_requests gauge",
  ];
  for (const [labels, size] of longRunning) lines.push(`apiserver_longrunning_requests{${labels}} ${size}`);
  lines.push("# HELP apiserver_storage_objects Stored objects by resource.", "# TYPE apiserver_storage_objects gauge");
  for (const [resource, size] of objects) {
    const [group, plural] = resource.includes("/") ? resource.split("/") : ["", resource];
    const name = group === "" ? plural : `${plural}.${group}`;
    lines.push(`apiserver_storage_objects{resource="${name}"} ${size}`);
  }
  lines.push(
    "# HELP apiserver_storage_size_bytes Size of the store's files.",
    "# TYPE apiserver_storage_size_bytes gauge",
    `apiserver_storage_size_bytes{storage_cluster_id="etcd-0"} ${storeBytes}`,
  );
  return lines;
}

function count(into: Map<string, number>, info: RequestInfo): void {
  const labels = seriesLabels(info);
  into.set(labels, (into.get(labels) ?? 0) + 1);
}
