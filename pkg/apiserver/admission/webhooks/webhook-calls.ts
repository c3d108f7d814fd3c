import { ApiError, internalError } from "#pkg/errors/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { WebhookCaller } from "../../webhook/index.ts";
import type { AdmissionAttributes } from "../../types.ts";
import { callWebhook, WebhookFailure } from "./call-webhook.ts";
import type { Versions } from "./convert.ts";
import { invocationOf, type WebhookParts } from "./invocation.ts";
import { MatchConditions } from "./match-conditions.ts";
import type { AdmissionResponse } from "./review.ts";
import type { Invocation, Versioned, Webhook } from "./types.ts";
import type { WebhookMetrics } from "./webhook-metrics.ts";

export interface WebhookCallsParts extends WebhookParts {
  readonly caller: WebhookCaller;
  readonly metrics: WebhookMetrics;
  readonly log?: Logger;
}

/** A webhook that is about a request, and what it is to be shown. */
export interface Wanted {
  readonly invocation: Invocation;
  readonly versioned: Versioned;
}

/** What both kinds of plugin do with a webhook: see whether it is wanted, ask it, and judge a failure by its policy. */
export class WebhookCalls {
  readonly #parts: WebhookCallsParts;
  readonly #type: "admit" | "validating";
  readonly #conditions: MatchConditions;

  constructor(parts: WebhookCallsParts, type: "admit" | "validating") {
    this.#parts = parts;
    this.#type = type;
    this.#conditions = new MatchConditions(parts);
  }

  /** Undefined when the webhook is not about the request. @throws ApiError when that cannot be told */
  async wanted(webhook: Webhook, attributes: AdmissionAttributes, versions: Versions): Promise<Wanted | undefined> {
    const invocation = invocationOf(this.#parts, webhook, attributes);
    if (invocation === undefined) return undefined;
    const versioned = await versions.of(invocation);
    const holds = await this.#conditions.hold(invocation, attributes, versioned);
    return holds ? { invocation, versioned } : undefined;
  }

  /** What `use` makes of the verdict; undefined when there is none and the webhook may be passed over. @throws ApiError */
  async ask<R>(
    { invocation, versioned }: Wanted,
    attributes: AdmissionAttributes,
    use: (response: AdmissionResponse) => R | Promise<R>,
  ): Promise<R | undefined> {
    const { caller, log } = this.#parts;
    const { webhook } = invocation;
    const start = performance.now();
    try {
      const response = await callWebhook(caller, invocation, attributes, versioned, this.#type === "admit");
      const used = await use(response);
      this.#observe(webhook, attributes, start, undefined);
      return used;
    } catch (err) {
      this.#observe(webhook, attributes, start, err);
      if (!(err instanceof WebhookFailure)) throw err;
      if (webhook.failurePolicy === "Fail") throw internalError(err.message);
      log?.warn("failed calling webhook, failing open", { webhook: webhook.name, err });
      if (attributes.signal.aborted) throw timedOut();
      return undefined;
    }
  }

  #observe({ name, failurePolicy }: Webhook, { operation }: AdmissionAttributes, start: number, err: unknown): void {
    const isFailure = err instanceof WebhookFailure;
    const failedOpen = isFailure && failurePolicy === "Ignore";
    const because = isFailure ? "calling_webhook_error" : "no_error";
    const code = err instanceof ApiError ? err.code : 500;
    this.#parts.metrics.observe({
      name,
      type: this.#type,
      operation,
      seconds: (performance.now() - start) / 1000,
      failedOpen,
      ...(err === undefined || failedOpen ? {} : { rejection: { code, because } }),
    });
  }
}

/** Upstream's words for a request that took longer than its time: nobody is left to hear about its webhooks. */
export function timedOut(): ApiError {
  return new ApiError(504, "Timeout", "Timeout: request did not complete within requested timeout", {});
}
