import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { readerOf, type Sketch } from "../admission/plugins/testing.ts";
import { startTestWebhook } from "./testing.ts";
import { WebhookClient } from "./webhook-client.ts";

const clientOf = (t: TestContext, objects: Record<string, Sketch[]> = {}): WebhookClient => {
  const client = new WebhookClient({ reader: readerOf(objects) });
  t.after(() => client.close());
  return client;
};

describe("WebhookClient", () => {
  it("fails when the webhook switches protocols", async (t) => {
    const hook = await startTestWebhook(t, (_body, _url, { request }) => {
      request.socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
      return undefined;
    });
    await assert.rejects(clientOf(t).call({ config: hook.clientConfig("/x"), body: {} }), {
      code: "connection",
      message: /unexpected upgrade$/,
    });
  });

  it("posts a review and answers its JSON, on one connection", async (t) => {
    const ports = new Set<number | undefined>();
    const hook = await startTestWebhook(t, (body: { a: number }, _url, { request }) => {
      ports.add(request.socket.remotePort);
      return { b: body.a + 1 };
    });
    const client = clientOf(t);
    const config = hook.clientConfig("/x");
    assert.deepEqual(await client.call({ config, body: { a: 1 }, tellTimeout: true }), { b: 2 });
    assert.deepEqual(await client.call({ config, body: { a: 2 }, timeoutMs: 3000 }), { b: 3 });
    assert.deepEqual(
      hook.requests.map((each) => each.url),
      ["/x?timeout=10s", "/x"],
    );
    assert.equal(ports.size, 1);
  });

  it("dials a ready endpoint of a service under the service's name", async (t) => {
    const hosts: unknown[] = [];
    const hook = await startTestWebhook(
      t,
      (_body, _url, { request }) => {
        hosts.push(request.headers.host);
        return {};
      },
      ["s.d.svc"],
    );
    const service = {
      metadata: { name: "s", namespace: "d" },
      spec: { ports: [{ name: "web", port: 8443, targetPort: hook.port }] },
    };
    const slice = {
      metadata: { name: "s-1", namespace: "d", labels: { "kubernetes.io/service-name": "s" } },
      ports: [{ name: "web", port: hook.port }],
      endpoints: [
        { addresses: ["127.0.0.2"], conditions: { ready: false } },
        { addresses: ["127.0.0.1"], conditions: { ready: true } },
      ],
    };
    const client = clientOf(t, { services: [service], "discovery.k8s.io/endpointslices": [slice] });
    const config = (port: number) => ({
      caBundle: hook.caBundle,
      service: { namespace: "d", name: "s", path: "/p", port },
    });
    await client.call({ config: config(8443), body: {} });
    assert.deepEqual(hosts, ["s.d.svc:8443"]);
    await assert.rejects(client.call({ config: config(1), body: {} }), {
      code: "unresolved",
      message: 'Post "https://s.d.svc:1/p": no service port 1 found for service "s"',
    });
    const gone = { service: { namespace: "d", name: "t" } };
    await assert.rejects(client.call({ config: gone, body: {} }), {
      message: 'Post "https://t.d.svc:443": service "t" not found',
    });
  });

  it("words failures as upstream when the webhook cannot be used", async (t) => {
    const hook = await startTestWebhook(t, (_body, url, { response }) => {
      if (url.startsWith("/slow")) return undefined;
      if (url === "/moved") response.writeHead(302, { location: "/ok" }).end();
      else if (url === "/text") response.end("hello");
      else if (url === "/large") response.end(`"${"x".repeat(100)}"`);
      else response.writeHead(Number(url.slice(1))).end("why");
      return undefined;
    });
    const client = clientOf(t);
    const fails = async (path: string, code: string, message: string | RegExp, more: object = {}): Promise<void> => {
      const config = { ...hook.clientConfig(path) };
      await assert.rejects(client.call({ config, body: {}, maxResponseBytes: 50, ...more }), { code, message });
    };
    const base = `https://127.0.0.1:${hook.port}`;
    await fails("/slow", "timeout", `Post "${base}/slow": context deadline exceeded`, { timeoutMs: 30 });
    await fails(
      "/moved",
      "status",
      "the server responded with the status code 302 but did not return more information",
    );
    await fails("/404", "status", "the server could not find the requested resource");
    await fails("/500", "status", 'an error on the server ("why") has prevented the request from succeeding');
    await fails("/text", "response", /json parse error/);
    await fails("/large", "response", "the response is larger than 50 bytes");
    const closed = await startTestWebhook(t, () => ({}));
    await assert.rejects(
      client.call({ config: { url: closed.clientConfig("/").url, caBundle: hook.caBundle }, body: {} }),
      {
        code: "connection",
        message: `Post "https://127.0.0.1:${closed.port}": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
      },
    );
    await assert.rejects(client.call({ config: { url: "https://127.0.0.1:1/x", caBundle: hook.caBundle }, body: {} }), {
      message: 'Post "https://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused',
    });
  });

  it("sends again when a kept connection was closed meanwhile", async (t) => {
    let asked = 0;
    const hook = await startTestWebhook(t, (_body, _url, { request }) => {
      asked++;
      if (asked === 2) request.socket.destroy();
      return asked === 2 ? undefined : {};
    });
    const client = clientOf(t);
    const config = hook.clientConfig("/");
    await client.call({ config, body: {} });
    await client.call({ config, body: {} });
    assert.equal(asked, 3);
  });
});
