import type { AdmissionAttributes, AdmissionPlugin } from "../../types.ts";
import { Versions } from "./convert.ts";
import { isExempt } from "./invocation.ts";
import type { Webhook } from "./types.ts";
import { timedOut, type Wanted, WebhookCalls, type WebhookCallsParts } from "./webhook-calls.ts";
import type { WebhookMetrics } from "./webhook-metrics.ts";
import { WebhookSource } from "./webhook-source.ts";

/** Webhooks that only judge what is written, all at once. Of several that refuse, the first is heard. */
export class ValidatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = "ValidatingAdmissionWebhook";
  readonly #calls: WebhookCalls;
  readonly #source: WebhookSource;
  readonly #metrics: WebhookMetrics;

  constructor(parts: WebhookCallsParts) {
    this.#calls = new WebhookCalls(parts, "validating");
    this.#source = new WebhookSource(parts.reader, "validatingwebhookconfigurations");
    this.#metrics = parts.metrics;
  }

  validate(attributes: AdmissionAttributes): Promise<void> | undefined {
    const webhooks = this.#source.webhooks();
    return webhooks.length === 0 || isExempt(attributes) ? undefined : this.#ask(attributes, webhooks);
  }

  async #ask(attributes: AdmissionAttributes, webhooks: readonly Webhook[]): Promise<void> {
    const versions = new Versions(attributes);
    const wanted: Wanted[] = [];
    for (const webhook of webhooks) {
      const found = await this.#calls.wanted(webhook, attributes, versions);
      if (found !== undefined) wanted.push(found);
    }
    if (wanted.length === 0) return;
    if (attributes.signal.aborted) throw timedOut();
    const verdicts = await Promise.allSettled(wanted.map((each) => this.#calls.ask(each, attributes, () => undefined)));
    for (const verdict of verdicts) if (verdict.status === "rejected") throw verdict.reason;
  }

  /** Of mutating webhooks too: both count into the same series. */
  metrics(): readonly string[] {
    return this.#metrics.lines();
  }
}
