import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import * as https from "node:https";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { createAuthority, issueCertificate } from "#pkg/pki/index.ts";

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
  const authority = await createAuthority("webhooks");
  const pair = await issueCertificate(authority, {
    commonName: "webhook",
    ipAddresses: ["127.0.0.1"],
    dnsNames,
    usage: "server",
  });
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
  const server = https.createServer(pair, (request, response) => void serve(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const caBundle = Buffer.from(authority.cert).toString("base64");
  return { port, caBundle, requests, clientConfig: (path) => ({ url: `https://127.0.0.1:${port}${path}`, caBundle }) };
}
