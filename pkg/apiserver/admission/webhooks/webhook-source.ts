import { selectorOf } from "#pkg/api/labels.ts";
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "#pkg/api/types/admissionregistration-v1.ts";
import type { ObjectReader } from "../../types.ts";
import type { Webhook } from "./types.ts";

type Configuration = MutatingWebhookConfiguration | ValidatingWebhookConfiguration;
const GROUP = "admissionregistration.k8s.io";

/** The registered webhooks, by name of their configuration. A configuration counts from the moment it is stored. */
export class WebhookSource {
  readonly #reader: ObjectReader;
  readonly #resource: string;
  #webhooks: readonly Webhook[] | undefined;

  constructor(reader: ObjectReader, plural: "mutatingwebhookconfigurations" | "validatingwebhookconfigurations") {
    this.#reader = reader;
    this.#resource = `${GROUP}/${plural}`;
    reader.onChange(this.#resource, () => {
      this.#webhooks = undefined;
    });
  }

  webhooks(): readonly Webhook[] {
    this.#webhooks ??= (this.#reader.list(this.#resource) as readonly Configuration[]).flatMap(webhooksOf);
    return this.#webhooks;
  }
}

function webhooksOf(configuration: Configuration): Webhook[] {
  return (configuration.webhooks ?? []).map((hook, i) => ({
    name: hook.name,
    id: `${configuration.metadata.name}/${hook.name}/${i}`,
    clientConfig: hook.clientConfig,
    rules: hook.rules ?? [],
    failurePolicy: hook.failurePolicy === "Ignore" ? "Ignore" : "Fail",
    matchPolicy: hook.matchPolicy === "Exact" ? "Exact" : "Equivalent",
    namespaceSelector: selectorOf(hook.namespaceSelector ?? {}),
    objectSelector: selectorOf(hook.objectSelector ?? {}),
    matchConditions: hook.matchConditions ?? [],
    sideEffects: hook.sideEffects ?? "Unknown",
    timeoutSeconds: hook.timeoutSeconds ?? 10,
    reviewVersions: hook.admissionReviewVersions ?? [],
    reinvocation: (hook as MutatingWebhook).reinvocationPolicy === "IfNeeded" ? "IfNeeded" : "Never",
  }));
}
