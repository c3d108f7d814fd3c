import { collectDefaultMetrics, Registry } from "prom-client";
import type { RequestInfo } from "../types.ts";

/** prom-client measures the event loop's delay with a timer of this period; its own 10 ms would be most of an idle server's CPU. */
const LOOP_DELAY_PERIOD_MS = 5_000;
const BUCKETS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

interface Series {
  readonly labels: string;
  readonly codes: Map<number, number>;
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** Upstream's request metrics, counted without allocation per request and written out when asked for. */
export class RequestMetrics {
  readonly #series = new Map<string, Series>();
  readonly #registry = new Registry();

  constructor() {
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LOOP_DELAY_PERIOD_MS });
  }

  /** `seconds` undefined: a long-running request, which has no duration worth counting. */
  observe(info: RequestInfo, code: number, seconds: number | undefined): void {
    const key = `${info.verb} ${info.group}/${info.version}/${info.resource}/${info.subresource} ${info.name === "" ? info.namespace === "" : "n"}`;
    let series = this.#series.get(key);
    if (series === undefined) this.#series.set(key, (series = newSeries(info)));
    series.codes.set(code, (series.codes.get(code) ?? 0) + 1);
    if (seconds === undefined) return;
    series.sum += seconds;
    series.count++;
    for (let i = BUCKETS.length - 1; i >= 0 && (BUCKETS[i] as number) >= seconds; i--) (series.buckets[i] as number)++;
  }

  /** Prometheus text, with these lines of others at its end. */
  async text(more: readonly string[]): Promise<string> {
    const lines = [
      "# HELP apiserver_request_total Counter of apiserver requests broken out for each verb, group, version, resource, scope, subresource and HTTP response code.",
      "# TYPE apiserver_request_total counter",
    ];
    for (const { labels, codes } of this.#series.values())
      for (const [code, count] of codes) lines.push(`apiserver_request_total{code="${code}",${labels}} ${count}`);
    lines.push(
      "# HELP apiserver_request_duration_seconds Response latency distribution in seconds for each verb, group, version, resource, subresource and scope.",
      "# TYPE apiserver_request_duration_seconds histogram",
    );
    for (const { labels, buckets, sum, count } of this.#series.values()) {
      if (count === 0) continue;
      for (const [i, bound] of BUCKETS.entries())
        lines.push(`apiserver_request_duration_seconds_bucket{${labels},le="${bound}"} ${buckets[i]}`);
      lines.push(`apiserver_request_duration_seconds_bucket{${labels},le="+Inf"} ${count}`);
      lines.push(`apiserver_request_duration_seconds_sum{${labels}} ${sum}`);
      lines.push(`apiserver_request_duration_seconds_count{${labels}} ${count}`);
    }
    return `${await this.#registry.metrics()}\n${[...lines, ...more].join("\n")}\n`;
  }
}

function newSeries(info: RequestInfo): Series {
  return { labels: seriesLabels(info), codes: new Map(), buckets: BUCKETS.map(() => 0), sum: 0, count: 0 };
}

/** Upstream counts these verbs by their methods. */
const METHODS: Readonly<Record<string, string>> = { create: "POST", update: "PUT" };

/** The labels that upstream gives to all that it counts of requests. */
export function seriesLabels(info: RequestInfo): string {
  const scope = !info.isResource ? "" : info.name !== "" ? "resource" : info.namespace !== "" ? "namespace" : "cluster";
  const verb = METHODS[info.verb] ?? info.verb.toUpperCase();
  return `component="apiserver",verb="${verb}",group="${safe(info.group)}",version="${safe(info.version)}",resource="${safe(info.resource)}",subresource="${safe(info.subresource)}",scope="${scope}"`;
}

const safe = (value: string): string => value.replace(/["\\\n]/g, "_");
