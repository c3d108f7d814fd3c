import type { IncomingMessage, ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { startOwnServer } from "../http/testing.ts";

export interface TestWebhook {
  readonly port: number;
  /** `https://127.0.0.1:PORT/path` and the authority of its certificate, for webhook configurations. */
  clientConfig(path: string): { readonly url: string; readonly caBundle: string };
  /** PEM, base64. */
  readonly caBundle: string;
  /** Parsed bodies of all requests, in order. */
  readonly requests: readonly { readonly url: string; readonly body: any }[]; // oxlint-disable-line no-explicit-any -- tests look into reviews
}

/** What a fixture answers: JSON, or nothing when it wrote the response itself. */
export type WebhookAnswer = (
  body: any, // oxlint-disable-line no-explicit-any -- tests look into reviews
  url: string,
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
) => object | undefined | Promise<object | undefined>;

/** A webhook in this process, over TLS with a certificate for 127.0.0.1 and the given names; ends with the test. */
export async function startTestWebhook(
  t: Pick<TestContext, "after">,
  answer: WebhookAnswer,
  dnsNames: readonly string[] = [],
): Promise<TestWebhook> {
  const requests: { url: string; body: unknown }[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? "/";
    const body: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString());
    requests.push({ url, body });
    const said = await answer(body, url, { request, response });
    if (said === undefined) return;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(said));
  };
  const names = { commonName: "webhook", ipAddresses: ["127.0.0.1"], dnsNames };
  const { server, port, caBundle } = await startOwnServer(t, names);
  server.on("request", (request, response) => void serve(request, response));
  return { port, caBundle, requests, clientConfig: (path) => ({ url: `https://127.0.0.1:${port}${path}`, caBundle }) };
}
