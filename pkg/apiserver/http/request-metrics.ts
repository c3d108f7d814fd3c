import { setImmediate as nextTurn } from "node:timers/promises";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import type { RequestInfo } from "../types.ts";
import { AccessMetrics } from "./access-metrics.ts";
import type { Exchange } from "./exchange.ts";
import { bounded, headOf, Histogram } from "./metric-text.ts";
import { isStream } from "./negotiate.ts";
import { EVENT_SIZE_BUCKETS, WatchCounter } from "./watch-counter.ts";

/** prom-client measures the event loop's delay with a timer of this period; its own 10 ms would be most of an idle server's CPU. */
const LOOP_DELAY_PERIOD_MS = 5_000;
const SECONDS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];
const BYTES = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/** Built-in kinds make some thousand. Custom ones come and go, and upstream keeps what it counted of each for good. */
const MAX_SERIES = 10_000;
/** Histograms that are written out in one turn. */
const STEP = 50;

/** What is counted of dry runs apart. */
interface Outcomes {
  readonly codes: Map<number, number>;
  readonly duration: Histogram;
}

/** The requests of one set of labels. */
interface Series {
  readonly labels: string;
  readonly done: Outcomes;
  dryRun: Outcomes | undefined;
  /** Without the wait for a seat. */
  readonly served: Histogram;
  readonly size: Histogram;
  terminated: Map<number, number> | undefined;
  aborted: number;
}

export interface RequestMetricsOptions {
  /** Paths are callers' to choose: only what exists is counted by its name. */
  readonly isKnown: (info: RequestInfo) => boolean;
}

/** Upstream's metrics of requests, counted without much ado per request and written out when asked for. */
export class RequestMetrics {
  readonly #options: RequestMetricsOptions;
  readonly #series = new Map<string, Series>();
  readonly #unknown = newSeries(
    'component="apiserver",verb="other",group="",version="",resource="",subresource="",scope=""',
  );
  readonly access = new AccessMetrics();
  /** By labels: a CustomResourceDefinition that changes is a new definition of the same kind. */
  readonly #watches = new Map<string, WatchCounter>();
  readonly #registry = new Registry();

  constructor(options: RequestMetricsOptions) {
    this.#options = options;
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: LOOP_DELAY_PERIOD_MS });
  }

  /** Takes in an exchange that is over. */
  observe(exchange: Exchange): void {
    const { info, response, query, request, bodyBytes } = exchange;
    if (info === undefined) return;
    const code = response.statusCode;
    const dryRun = query.size === 0 ? "" : (query.get("dryRun") ?? "");
    const isApply = info.verb === "patch" && request.headers["content-type"]?.startsWith("application/apply-") === true;
    const scope = scopeOf(info);
    const key = `${info.verb} ${info.group}/${info.version}/${info.resource}/${info.subresource} ${scope} ${isApply}`;
    const isStray = dryRun !== "" && dryRun !== "All";
    const series = isStray ? this.#unknown : (this.#series.get(key) ?? this.#newSeries(key, info, isApply));
    const outcomes = dryRun === "All" ? (series.dryRun ??= newOutcomes()) : series.done;
    outcomes.codes.set(code, (outcomes.codes.get(code) ?? 0) + 1);
    if (code === 504 || code === 429) {
      series.terminated ??= new Map();
      series.terminated.set(code, (series.terminated.get(code) ?? 0) + 1);
    }
    if (exchange.isLongRunning) return;
    if (!response.headersSent) series.aborted++;
    const tookMs = performance.now() - exchange.startedAt;
    outcomes.duration.observe(tookMs / 1000);
    series.served.observe((tookMs - (exchange.ticket?.waitedMs ?? 0)) / 1000);
    if (info.verb === "get" || info.verb === "list") series.size.observe(bodyBytes);
  }

  /** Counts the events of all watches of a kind. */
  watchCounter(definition: ResourceDefinition): WatchCounter {
    const { group, version, kind, plural } = definition;
    const labels = `group="${group}",version="${version}",kind="${kind}",resource="${plural}"`;
    let counter = this.#watches.get(labels);
    if (counter === undefined) bounded(this.#watches, MAX_SERIES).set(labels, (counter = new WatchCounter(labels)));
    return counter;
  }

  /** Prometheus text, with these lines of others at its end. */
  async text(more: readonly string[]): Promise<string> {
    const lines: string[] = [];
    const all = [...this.#series.values(), this.#unknown];
    const byDryRun = all.flatMap(({ labels, done, dryRun }) => [
      { labels: `${labels},dry_run=""`, ...done },
      ...(dryRun === undefined ? [] : [{ labels: `${labels},dry_run="All"`, ...dryRun }]),
    ]);
    lines.push(...headOf("apiserver_request_total", "counter", "Requests by what they were for and how they ended."));
    for (const { labels, codes } of byDryRun)
      for (const [code, count] of codes) lines.push(`apiserver_request_total{code="${code}",${labels}} ${count}`);
    const times = "apiserver_request_duration_seconds";
    lines.push(...headOf(times, "histogram", "How long requests took, those that last apart."));
    await writeAll(
      lines,
      times,
      byDryRun.map(({ labels, duration }) => [labels, duration]),
    );
    const own = "apiserver_request_sli_duration_seconds";
    lines.push(...headOf(own, "histogram", "How long requests took, without their wait for a seat."));
    await writeAll(
      lines,
      own,
      all.map(({ labels, served }) => [labels, served]),
    );
    const sizes = "apiserver_response_sizes";
    lines.push(...headOf(sizes, "histogram", "Bytes of answers to reads."));
    for (const { labels, size } of all) size.write(lines, sizes, labels);
    lines.push(...headOf("apiserver_request_terminations_total", "counter", "Requests that the server itself ended."));
    for (const { labels, terminated = [] } of all)
      for (const [code, count] of terminated)
        lines.push(`apiserver_request_terminations_total{code="${code}",${labels}} ${count}`);
    lines.push(
      ...headOf("apiserver_request_aborts_total", "counter", "Requests that were over before they had an answer."),
    );
    for (const { labels, aborted } of all)
      if (aborted > 0)
        lines.push(`apiserver_request_aborts_total{${labels.replace(/component="[^"]*",/, "")}} ${aborted}`);
    this.#writeWatches(lines);
    return `${await this.#registry.metrics()}\n${[...lines, ...more].join("\n")}\n`;
  }

  #writeWatches(lines: string[]): void {
    lines.push(...headOf("apiserver_watch_events_total", "counter", "Events sent to watches."));
    for (const { labels, events } of this.#watches.values())
      lines.push(`apiserver_watch_events_total{${labels}} ${events}`);
    const name = "apiserver_watch_events_sizes";
    lines.push(...headOf(name, "histogram", "Bytes of events sent to watches."));
    for (const { labels, counts, events, bytes } of this.#watches.values()) {
      let sum = 0;
      for (const [i, bound] of EVENT_SIZE_BUCKETS.entries()) {
        sum += counts[i] as number;
        lines.push(`${name}_bucket{${labels},le="${bound}"} ${sum}`);
      }
      lines.push(`${name}_bucket{${labels},le="+Inf"} ${events}`);
      lines.push(`${name}_sum{${labels}} ${bytes}`, `${name}_count{${labels}} ${events}`);
    }
  }

  #newSeries(key: string, info: RequestInfo, isApply: boolean): Series {
    if (info.isResource ? !this.#isCounted(info) : !METHODS_OF_DOCUMENTS.has(info.verb)) return this.#unknown;
    const series = newSeries(seriesLabels(info, isApply));
    bounded(this.#series, MAX_SERIES).set(key, series);
    return series;
  }

  /** HTTP/2 takes any word for a method, and paths any for a resource: neither may make a series. */
  #isCounted(info: RequestInfo): boolean {
    if (!VERBS.has(info.verb)) return false;
    return this.#options.isKnown(info) || (isStream(info) && this.#options.isKnown({ ...info, subresource: "" }));
  }
}

const VERBS = new Set(["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]);
const METHODS_OF_DOCUMENTS = new Set(["get", "head", "post", "put", "patch", "delete", "options"]);

const newOutcomes = (): Outcomes => ({ codes: new Map(), duration: new Histogram(SECONDS) });

/** Appends many histograms' lines; other requests are answered in between. */
async function writeAll(lines: string[], name: string, all: readonly (readonly [string, Histogram])[]): Promise<void> {
  for (let from = 0; from < all.length; from += STEP) {
    const some: string[] = [];
    for (const [labels, histogram] of all.slice(from, from + STEP)) histogram.write(some, name, labels);
    if (some.length > 0) lines.push(some.join("\n"));
    await nextTurn();
  }
}

function newSeries(labels: string): Series {
  return {
    labels,
    done: newOutcomes(),
    dryRun: undefined,
    served: new Histogram(SECONDS),
    size: new Histogram(BYTES),
    terminated: undefined,
    aborted: 0,
  };
}

/** Upstream counts these verbs by their methods. */
const METHODS: Readonly<Record<string, string>> = { create: "POST", update: "PUT" };

/** The labels that upstream gives to all that it counts of requests. */
export function seriesLabels(info: RequestInfo, isApply = false): string {
  const { group, version, resource, subresource } = info;
  const verb = isApply ? "APPLY" : (METHODS[info.verb] ?? info.verb.toUpperCase());
  return `component="apiserver",verb="${verb}",group="${safe(group)}",version="${safe(version)}",resource="${safe(resource)}",subresource="${safe(subresource)}",scope="${scopeOf(info)}"`;
}

function scopeOf({ isResource, name, namespace, verb }: RequestInfo): string {
  if (!isResource) return "";
  if (name !== "" || verb === "create") return "resource";
  return namespace === "" ? "cluster" : "namespace";
}

const safe = (value: string): string => value.replace(/["\\\n]/g, "_");
