import type { AdmissionAttributes, AdmissionPass, AdmissionPlugin } from "../../types.ts";
import { applyPatch } from "./apply-patch.ts";
import { Versions } from "./convert.ts";
import { isExempt } from "./invocation.ts";
import type { Webhook } from "./types.ts";
import { WebhookCalls, type WebhookCallsParts } from "./webhook-calls.ts";
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
  readonly #calls: WebhookCalls;
  readonly #source: WebhookSource;

  constructor(parts: WebhookCallsParts) {
    this.#calls = new WebhookCalls(parts, "admit");
    this.#source = new WebhookSource(parts.reader, "mutatingwebhookconfigurations");
  }

  admit(attributes: AdmissionAttributes, pass: AdmissionPass): Promise<void> | undefined {
    const webhooks = this.#source.webhooks();
    return webhooks.length === 0 || isExempt(attributes) ? undefined : this.#askAll(attributes, pass, webhooks);
  }

  async #askAll(attributes: AdmissionAttributes, pass: AdmissionPass, webhooks: readonly Webhook[]): Promise<void> {
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
    const wanted = await this.#calls.wanted(webhook, attributes, versions);
    if (wanted === undefined) return false;
    try {
      const changed = await this.#calls.ask(wanted, attributes, (response) =>
        applyPatch(wanted.invocation, attributes, wanted.versioned, response),
      );
      if (changed === true) wantAgain(state);
      return changed === true;
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
