import type { Logger } from "#pkg/log/index.ts";
import type { WebhookCaller } from "../../webhook/index.ts";
import type { AdmissionAttributes, AdmissionPass, AdmissionPlugin } from "../../types.ts";
import { applyPatch } from "./apply-patch.ts";
import { answerTo, callWebhook, timedOut, WebhookFailure } from "./call-webhook.ts";
import { Versions } from "./convert.ts";
import { invocationOf, isExempt, type WebhookParts } from "./invocation.ts";
import { MatchConditions } from "./match-conditions.ts";
import type { Webhook } from "./types.ts";
import { WebhookSource } from "./webhook-source.ts";

/** What the second pass knows of the first. */
interface Reinvocation {
  /** Called before the last change, and wanting to see it. */
  readonly called: Set<string>;
  readonly again: Set<string>;
  /** The object when the webhooks were done with it. */
  left: string;
}

/**
 * Webhooks that change what is written, one after the other in the order of their configurations' names. When one changes
 * the object, all mutating plugins run again, and those called before that want it are called once more (KEP-492).
 */
export class MutatingAdmissionWebhook implements AdmissionPlugin {
  readonly name = "MutatingAdmissionWebhook";
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
    this.#source = new WebhookSource(parts.reader, "mutatingwebhookconfigurations");
  }

  async admit(attributes: AdmissionAttributes, pass: AdmissionPass): Promise<void> {
    const webhooks = this.#source.webhooks();
    if (webhooks.length === 0 || isExempt(attributes)) return;
    const state = (pass.notes.get(this) as Reinvocation | undefined) ?? {
      called: new Set(),
      again: new Set(),
      left: "",
    };
    pass.notes.set(this, state);
    if (pass.again && state.called.size > 0 && state.left !== JSON.stringify(attributes.object)) wantAgain(state);
    const versions = new Versions(attributes);
    for (const webhook of webhooks) {
      if (pass.again && !state.again.has(webhook.id)) continue;
      const changed = await this.#ask(webhook, attributes, versions, state);
      if (!changed) continue;
      versions.forget();
      pass.runAgain();
    }
    if (!pass.again && state.called.size > 0) state.left = JSON.stringify(attributes.object);
  }

  async #ask(
    webhook: Webhook,
    attributes: AdmissionAttributes,
    versions: Versions,
    state: Reinvocation,
  ): Promise<boolean> {
    const invocation = invocationOf(this.#parts, webhook, attributes);
    if (invocation === undefined) return false;
    const versioned = await versions.of(invocation);
    if (!(await this.#conditions.hold(invocation, attributes, versioned))) return false;
    try {
      const response = await callWebhook(this.#caller, invocation, attributes, versioned, true);
      const changed = await applyPatch(invocation, attributes, versioned, response);
      if (changed) wantAgain(state);
      return changed;
    } catch (err) {
      if (!(err instanceof WebhookFailure) || webhook.failurePolicy === "Fail") throw answerTo(err);
      this.#log?.warn("failed calling webhook, failing open", { webhook: webhook.name, err });
      if (attributes.signal.aborted) throw timedOut();
      return false;
    } finally {
      if (webhook.reinvocation === "IfNeeded") state.called.add(webhook.id);
    }
  }
}

/** Whoever was called before must see what there is now. */
function wantAgain(state: Reinvocation): void {
  for (const id of state.called) state.again.add(id);
  state.called.clear();
}
