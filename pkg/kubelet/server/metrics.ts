import type { ContainerStatus, Pod } from "#pkg/api/types/core-v1.ts";
import type { PodStatusProvider } from "../types.ts";
import { podTotal } from "./stats-summary.ts";
import type { Route } from "./types.ts";
import type { NodeUsage, UsageCollector } from "./usage-collector.ts";

const TEXT = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };

interface Parts {
  readonly nodeName: string;
  readonly status: PodStatusProvider;
  readonly usage: UsageCollector;
}

/** GET /metrics: the kubelet itself. */
export function metricsRoute({ nodeName, status }: Parts): Route {
  return {
    prefix: "/metrics",
    methods: ["GET"],
    async handle(_request, response) {
      response.writeHead(200, TEXT).end(kubeletMetrics(nodeName, status.pods(), process.memoryUsage().rss));
    },
  };
}

/** GET /metrics/resource: what metrics-server reads. */
export function resourceMetricsRoute({ status, usage }: Parts): Route {
  return {
    prefix: "/metrics/resource",
    methods: ["GET"],
    async handle(_request, response) {
      response.writeHead(200, TEXT).end(resourceMetrics(await usage.collect(), status.pods()));
    },
  };
}

function kubeletMetrics(nodeName: string, pods: readonly Pod[], rssBytes: number): string {
  const states = { running: 0, waiting: 0, exited: 0 };
  for (const { state } of pods.flatMap((pod) => pod.status?.containerStatuses ?? [])) {
    if (state?.running !== undefined) states.running++;
    else if (state?.terminated !== undefined) states.exited++;
    else states.waiting++;
  }
  const cpu = process.cpuUsage();
  const running = pods.filter((pod) => pod.status?.phase === "Running").length;
  return [
    metric("kubelet_node_name", "gauge", "The node's name. The count is always 1.", [[{ node: nodeName }, 1]]),
    metric("kubelet_running_pods", "gauge", "Number of pods that have a running sandbox.", [[{}, running]]),
    metric(
      "kubelet_running_containers",
      "gauge",
      "Number of containers by state.",
      Object.entries(states).map(([state, count]) => [{ container_state: state }, count]),
    ),
    metric("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", [[{}, rssBytes]]),
    metric("process_cpu_seconds_total", "counter", "User and system CPU time spent in seconds.", [
      [{}, (cpu.user + cpu.system) / 1e6],
    ]),
    metric("process_start_time_seconds", "gauge", "Start time since unix epoch in seconds.", [
      [{}, Math.round(Date.now() / 1000 - process.uptime())],
    ]),
  ].join("");
}

/** Pure: upstream's resource metrics, each sample with the time of its reading. */
export function resourceMetrics(node: NodeUsage, pods: readonly Pod[]): string {
  const containers = node.pods.flatMap((pod) =>
    pod.containers.map((c) => ({ labels: { container: c.name, namespace: pod.namespace, pod: pod.name }, usage: c })),
  );
  const totals = node.pods.map((pod) => ({
    labels: { namespace: pod.namespace, pod: pod.name },
    usage: podTotal(pod),
  }));
  return [
    metric(
      "container_cpu_usage_seconds_total",
      "counter",
      "Cumulative cpu time of the container in core-seconds",
      containers.map(({ labels, usage }): Sample => [labels, usage.coreNanoSeconds / 1e9, usage.timeMs]),
    ),
    metric(
      "container_memory_working_set_bytes",
      "gauge",
      "Current working set of the container in bytes",
      containers.map(({ labels, usage }): Sample => [labels, usage.workingSetBytes, usage.timeMs]),
    ),
    metric(
      "container_start_time_seconds",
      "gauge",
      "Start time of the container since unix epoch in seconds",
      startTimes(pods),
    ),
    metric("node_cpu_usage_seconds_total", "counter", "Cumulative cpu time of the node in core-seconds", [
      [{}, node.cpu.coreNanoSeconds / 1e9, node.cpu.timeMs],
    ]),
    metric("node_memory_working_set_bytes", "gauge", "Current working set of the node in bytes", [
      [{}, node.memory.workingSetBytes, node.memory.timeMs],
    ]),
    metric(
      "pod_cpu_usage_seconds_total",
      "counter",
      "Cumulative cpu time of the pod in core-seconds",
      totals.map(({ labels, usage }): Sample => [labels, usage.coreNanoSeconds / 1e9, usage.timeMs]),
    ),
    metric(
      "pod_memory_working_set_bytes",
      "gauge",
      "Current working set of the pod in bytes",
      totals.map(({ labels, usage }): Sample => [labels, usage.workingSetBytes, usage.timeMs]),
    ),
    metric("resource_scrape_error", "gauge", "1 if there was an error while getting container metrics, 0 otherwise", [
      [{}, 0],
    ]),
  ].join("");
}

function startTimes(pods: readonly Pod[]): Sample[] {
  const running = (pod: Pod): readonly ContainerStatus[] =>
    (pod.status?.containerStatuses ?? []).filter((status) => status.state?.running?.startedAt !== undefined);
  return pods.flatMap((pod) =>
    running(pod).map(
      (status): Sample => [
        { container: status.name, namespace: pod.metadata.namespace ?? "", pod: pod.metadata.name },
        Date.parse(status.state?.running?.startedAt ?? "") / 1000,
      ],
    ),
  );
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number, timeMs?: number];

function metric(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value, timeMs]) => {
    const pairs = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
    const set = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
    return `${name}${set} ${value}${timeMs === undefined ? "" : ` ${timeMs}`}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}
