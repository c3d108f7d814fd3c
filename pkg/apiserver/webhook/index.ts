// The HTTPS client that admission and CRD conversion call webhooks with.
// Reads Services and EndpointSlices of the server's cache to find the webhook; writes nothing.
export type { WebhookCall, WebhookCaller, WebhookCallFailure } from "./types.ts";
export { WebhookCallError } from "./types.ts";
export { WebhookClient } from "./webhook-client.ts";
