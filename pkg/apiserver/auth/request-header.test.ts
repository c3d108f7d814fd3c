import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import { after, before, describe, it } from "node:test";
import { createAuthority, issueCertificate, type KeyPair } from "#pkg/pki/index.ts";
import type { RunningListener } from "../http/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";

const REVIEW = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });

describe("requestHeaderAuthenticator", () => {
  let test: TestServer;
  let listener: RunningListener;
  let clients: KeyPair;
  let proxies: KeyPair;
  before(async () => {
    test = await startTestServer();
    clients = await createAuthority("clients");
    proxies = await createAuthority("proxies", { pathLength: 0 });
    const serving = await issueCertificate(clients, {
      commonName: "minik",
      ipAddresses: ["127.0.0.1"],
      usage: "server",
    });
    const tls = { ...serving, clientAuthorities: clients.cert, frontProxyAuthorities: proxies.cert };
    listener = await test.server.listen({ host: "127.0.0.1", port: 0, tls });
  });
  after(() => test.close());

  async function whoAmI(pair: KeyPair, headers: Record<string, string | string[]>) {
    const { cert, key } = pair;
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    const request = https.request({
      host: "127.0.0.1",
      port: listener.port,
      agent: false,
      ca: clients.cert,
      cert,
      key,
      path,
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    });
    request.end(REVIEW);
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const text = Buffer.concat((await response.toArray()) as Buffer[]).toString();
    const body = JSON.parse(text) as { status: { userInfo: unknown }; reason?: string };
    return { status: response.statusCode, user: body.status.userInfo, reason: body.reason };
  }
  const proxy = (commonName: string): Promise<KeyPair> => issueCertificate(proxies, { commonName, usage: "client" });

  it("takes the user of the headers when a front proxy sends them", async () => {
    const { status, user } = await whoAmI(await proxy("front-proxy-client"), {
      "X-Remote-User": "alice",
      "X-Remote-Uid": "42",
      "X-Remote-Group": ["a, b", "c"],
      "X-Remote-Extra-Example.com%2fScopes": ["x", "y"],
    });
    assert.equal(status, 201);
    assert.deepEqual(user, {
      username: "alice",
      uid: "42",
      groups: ["a, b", "c", "system:authenticated"],
      extra: { "example.com/scopes": ["x", "y"] },
    });
  });

  it("refuses a front proxy that names nobody, or is not one of the allowed names", async () => {
    const nobody = await whoAmI(await proxy("front-proxy-client"), {});
    assert.deepEqual([nobody.status, nobody.reason], [401, "Unauthorized"]);
    const other = await whoAmI(await proxy("admin"), { "X-Remote-User": "alice" });
    assert.deepEqual([other.status, other.reason], [401, "Unauthorized"]);
  });

  it("does not hear the headers of anybody else", async () => {
    const bob = await issueCertificate(clients, { commonName: "bob", organizations: ["x, y"], usage: "client" });
    const { user } = await whoAmI(bob, { "X-Remote-User": "root", "X-Remote-Group": "system:masters" });
    const { username, groups, extra } = user as { username: string; groups: string[]; extra: Record<string, string[]> };
    assert.deepEqual([username, groups], ["bob", ["x, y", "system:authenticated"]]);
    assert.match(extra["authentication.kubernetes.io/credential-id"]?.[0] ?? "", /^X509SHA256=[0-9a-f]{64}$/);
  });
});
