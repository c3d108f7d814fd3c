import type { Logger } from "#pkg/log/index.ts";
import type { WebhookCaller } from "../../webhook/index.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "../../types.ts";
import { answerTo, callWebhook, timedOut, WebhookFailure } from "./call-webhook.ts";
import { Versions } from "./convert.ts";
import { invocationOf, isExempt, type WebhookParts } from "./invocation.ts";
import { MatchConditions } from "./match-conditions.ts";
import type { Invocation, Versioned } from "./types.ts";
import { WebhookSource } from "./webhook-source.ts";

/** Webhooks that only judge what is written, all at once. Of several that refuse, the first is heard. */
export class ValidatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = "ValidatingAdmissionWebhook";
  readonly #parts: WebhookParts;
  readonly #caller: WebhookCaller;
  readonly #log: Logger | undefined;
  readonly #source: WebhookSource;
  readonly #conditions: MatchConditions;

  constructor(parts: WebhookParts & { readonly caller: WebhookCaller; readonly log?: Logger }) {
    this.#parts = parts;
    this.#caller = parts.caller;
    this.#log = parts.log;
    this.#conditions = new MatchConditions(parts);
    this.#source = new WebhookSource(parts.reader, "validatingwebhookconfigurations");
  }

  async validate(attributes: AdmissionAttributes): Promise<void> {
    const webhooks = this.#source.webhooks();
    if (webhooks.length === 0 || isExempt(attributes)) return;
    const versions = new Versions(attributes);
    const wanted: { readonly invocation: Invocation; readonly versioned: Versioned }[] = [];
    for (const webhook of webhooks) {
      const invocation = invocationOf(this.#parts, webhook, attributes);
      if (invocation === undefined) continue;
      const versioned = await versions.of(invocation);
      if (await this.#conditions.hold(invocation, attributes, versioned)) wanted.push({ invocation, versioned });
    }
    if (wanted.length === 0) return;
    if (attributes.signal.aborted) throw timedOut();
    const verdicts = await Promise.allSettled(
      wanted.map(({ invocation, versioned }) => this.#ask(invocation, attributes, versioned)),
    );
    for (const verdict of verdicts) if (verdict.status === "rejected") throw verdict.reason;
  }

  async #ask(invocation: Invocation, attributes: AdmissionAttributes, versioned: Versioned): Promise<void> {
    const { webhook } = invocation;
    try {
      await callWebhook(this.#caller, invocation, attributes, versioned, false);
    } catch (err) {
      if (!(err instanceof WebhookFailure) || webhook.failurePolicy === "Fail") throw answerTo(err);
      this.#log?.warn("failed calling webhook, failing open", { webhook: webhook.name, err });
      if (attributes.signal.aborted) throw timedOut();
    }
  }
}
