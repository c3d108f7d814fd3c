import assert from "node:assert/strict";
import { once } from "node:events";
import * as https from "node:https";
import { describe, it } from "node:test";
import { createLogger } from "#pkg/log/index.ts";
import { createAuthority, issueCertificate } from "#pkg/pki/index.ts";
import { streamingRoutes } from "../../streaming/index.ts";
import { startTestWebhook } from "../../webhook/testing.ts";
import { ruleFor, startTestCluster, verdict } from "./testing.ts";

describe("webhooks for CONNECT", () => {
  it("deny streams before they begin", async (t) => {
    const hook = await startTestWebhook(t, (review) =>
      verdict(review, { allowed: false, status: { message: "attaching to pod 'p' is not allowed" } }),
    );
    const routes = ({ reader }: { reader: never }) =>
      streamingRoutes({ reader, kubeletTls: () => ({ cert: "", key: "", ca: "" }), log: createLogger("silent") });
    const cluster = await startTestCluster(t, hook, [], { routes: routes as never });
    await cluster.pod("p");
    await cluster.register("Validating", "v", { rules: [ruleFor("pods/attach", "CONNECT")] });
    const path = "/api/v1/namespaces/d/pods/p/attach?stdin=true&stdout=1&container=c";
    const message = `admission webhook "h0.v.test" denied the request: attaching to pod 'p' is not allowed`;
    const authority = await createAuthority("test");
    const serving = await issueCertificate(authority, { commonName: "s", ipAddresses: ["127.0.0.1"], usage: "server" });
    const admin = { name: "admin", groups: ["system:masters"] };
    const { port } = await cluster.test.server.listen({
      host: "127.0.0.1",
      port: 0,
      tls: { ...serving, clientAuthorities: authority.cert },
      staticTokens: [{ token: "secret", user: admin }],
    });
    const request = https.request({
      host: "127.0.0.1",
      port,
      path,
      method: "POST",
      ca: authority.cert,
      headers: { connection: "Upgrade", upgrade: "SPDY/3.1", authorization: "Bearer secret" },
    });
    request.end();
    const [response] = await once(request, "response");
    const status = JSON.parse(Buffer.concat(await response.toArray()).toString());
    assert.deepEqual([response.statusCode, status.message], [400, message]);
    const [{ body } = { body: undefined }] = hook.requests;
    const { operation, kind, object, subResource, name, options } = body.request;
    assert.deepEqual(
      { operation, kind: kind.kind, object, subResource, name, options },
      {
        operation: "CONNECT",
        kind: "PodAttachOptions",
        object: { kind: "PodAttachOptions", apiVersion: "v1", stdin: true, stdout: true, container: "c" },
        subResource: "attach",
        name: "p",
        options: null,
      },
    );
  });
});
