// Dynamic admission: the webhooks that administrators register for writes.
// Reads webhook configurations and namespaces of the server's cache; writes nothing, besides what mutating webhooks
// change in the object that is being admitted.
export { MutatingAdmissionWebhook } from "./mutating-webhooks.ts";
export { ValidatingAdmissionWebhook } from "./validating-webhooks.ts";
export { WebhookMetrics } from "./webhook-metrics.ts";
