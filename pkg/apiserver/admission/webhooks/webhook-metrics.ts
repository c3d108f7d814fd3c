import { bounded, headOf, Histogram } from "../../http/metric-text.ts";

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
/** Names come and go with configurations: what was called most recently is kept. */
const MAX_SERIES = 1000;
const PREFIX = "apiserver_admission_webhook_";
/** As upstream, which cares for what is not an error of the client. */
const MAX_CODE = 600;

export interface WebhookOutcome {
  readonly name: string;
  readonly type: "admit" | "validating";
  readonly operation: string;
  readonly seconds: number;
  /** HTTP code of the answer to the request, where the webhook ended it. */
  readonly rejection?: { readonly code: number; readonly because: "calling_webhook_error" | "no_error" };
  /** The webhook gave no verdict and was passed over. */
  readonly failedOpen?: boolean;
}

/** Upstream's metrics of admission webhooks, for both kinds of plugin. */
export class WebhookMetrics {
  readonly #durations = new Map<string, Histogram>();
  readonly #requests = new Map<string, number>();
  readonly #rejections = new Map<string, number>();
  readonly #failedOpen = new Map<string, number>();

  observe({ name, type, operation, seconds, rejection, failedOpen }: WebhookOutcome): void {
    const of = `name="${name}",type="${type}"`;
    const labels = `${of},operation="${operation}"`;
    const rejected = `rejected="${rejection !== undefined}"`;
    const series = `${labels},${rejected}`;
    const histogram =
      this.#durations.get(series) ??
      bounded(this.#durations, MAX_SERIES).set(series, new Histogram(SECONDS)).get(series);
    histogram?.observe(seconds);
    const code = Math.min(rejection?.code ?? 200, MAX_CODE);
    count(this.#requests, `${labels},code="${code}",${rejected}`);
    if (rejection !== undefined)
      count(this.#rejections, `${labels},error_type="${rejection.because}",rejection_code="${code}"`);
    if (failedOpen === true) count(this.#failedOpen, of);
  }

  /** In Prometheus' text form. */
  lines(): string[] {
    if (this.#durations.size === 0) return [];
    const duration = `${PREFIX}admission_duration_seconds`;
    const lines = headOf(duration, "histogram", "Latency of admission webhooks, by name, type, operation and outcome.");
    for (const [labels, histogram] of this.#durations) histogram.write(lines, duration, labels);
    write(lines, "request_total", "Requests to admission webhooks.", this.#requests);
    write(lines, "rejection_count", "Requests that an admission webhook ended.", this.#rejections);
    write(lines, "fail_open_count", "Webhooks that gave no verdict and were passed over.", this.#failedOpen);
    return lines;
  }
}

function count(counts: Map<string, number>, labels: string): void {
  const known = counts.get(labels);
  if (known === undefined) bounded(counts, MAX_SERIES).set(labels, 1);
  else counts.set(labels, known + 1);
}

function write(lines: string[], name: string, help: string, counts: ReadonlyMap<string, number>): void {
  if (counts.size === 0) return;
  lines.push(...headOf(PREFIX + name, "counter", help));
  for (const [labels, value] of counts) lines.push(`${PREFIX}${name}{${labels}} ${value}`);
}
