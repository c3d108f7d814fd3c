import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import type { IncomingMessage } from "node:http";
import * as https from "node:https";
import { describe, it, type TestContext } from "node:test";
import { startTestServer, type TestServer } from "../testing.ts";
import { call, listenForTest, ROOT, type TestListener } from "./testing.ts";

const CLUSTER_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
const WATCH = "/api/v1/namespaces/a/configmaps?watch=1";

async function start(t: TestContext, idleTimeoutMs?: number): Promise<{ test: TestServer; at: TestListener }> {
  const test = await startTestServer(t);
  return { test, at: await listenForTest(test, idleTimeoutMs === undefined ? {} : { idleTimeoutMs }) };
}

async function overHttp1(at: TestListener, path: string, headers = {}): Promise<{ status: number; text: string }> {
  const tls = await at.tlsOf(...ROOT);
  const request = https.request({ host: "127.0.0.1", port: at.port, path, headers, agent: false, ...tls });
  // One that comes after the answer.
  request.on("error", () => undefined);
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: Buffer.concat(await response.toArray()).toString() };
}

const many = (count: number, bytes: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "~".repeat(bytes)]));

describe("Listener", () => {
  it("takes long paths and many headers over HTTP/1.1, and refuses what is more", async (t) => {
    const { test, at } = await start(t);
    const name = "r".repeat(70_000);
    await test.transport.request({ method: "POST", path: CLUSTER_ROLES, body: { metadata: { name } } });
    const { status, text } = await overHttp1(at, `${CLUSTER_ROLES}/${name}`);
    assert.deepEqual([status, JSON.parse(text).metadata.name], [200, name]);
    assert.equal((await overHttp1(at, "/version", many(1_500, 100))).status, 200);
    for (const headers of [many(3, 100_000), many(2_100, 10)]) {
      // The connection ends with it: the answer may be lost to who still sends.
      const refused = await overHttp1(at, "/version", headers).catch(() => ({ status: 431 }));
      assert.equal(refused.status, 431);
    }
  });

  it("takes long paths and many headers over HTTP/2, and tells what it takes", async (t) => {
    const { test, at } = await start(t);
    const name = "r".repeat(70_000);
    await test.transport.request({ method: "POST", path: CLUSTER_ROLES, body: { metadata: { name } } });
    const session = await at.session(...ROOT);
    const [settings] = (await once(session, "remoteSettings")) as [{ maxHeaderListSize: number }];
    assert.equal(settings.maxHeaderListSize, 147_456);
    const read = await call(session, `${CLUSTER_ROLES}/${name}`);
    assert.deepEqual([read.status, read.json.metadata.name], [200, name]);
    assert.equal((await call(session, "/version", { headers: many(1_000, 80) })).status, 200);
    // Over the count of headers, one request alone fails.
    const refused = session.request({ ":path": "/version", ...many(2_100, 1) });
    await assert.rejects(once(refused, "response"), /ENHANCE_YOUR_CALM/);
    assert.equal((await call(session, "/version")).status, 200);
  });

  it("says goodbye to HTTP/2 sessions that are idle, and not to one with a silent watch", async (t) => {
    const { test, at } = await start(t, 40);
    const goodbye = (session: ClientHttp2Session): Promise<unknown[]> =>
      Promise.all([once(session, "goaway"), once(session, "close")]);
    const watching = await at.session(...ROOT);
    const watch = watching.request({ ":path": WATCH });
    await once(watch, "response");
    const used = await at.session(...ROOT);
    assert.equal((await call(used, "/version")).status, 200);
    const usedLeft = goodbye(used);
    const idle = await at.session(...ROOT);
    const idleLeft = goodbye(idle);
    // Pings, with which clients look after their connections, are no use of one.
    const pings = setInterval(() => idle.destroyed || idle.ping(() => undefined), 10);
    const [[code]] = (await idleLeft) as [[number]];
    clearInterval(pings);
    assert.equal(code, 0);
    await usedLeft;
    const late = await at.session(...ROOT);
    await goodbye(late);
    assert.equal(watching.closed, false);
    await test.transport.request({
      method: "POST",
      path: "/api/v1/namespaces/a/configmaps",
      body: { metadata: { name: "c" } },
    });
    const [event] = (await once(watch, "data")) as [Buffer];
    assert.equal(JSON.parse(event.toString()).object.metadata.name, "c");
  });

  it("closes idle connections of HTTP/1.1", async (t) => {
    const { at } = await start(t, 40);
    const agent = new https.Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const options = { host: "127.0.0.1", port: at.port, path: "/version", agent, ...(await at.tlsOf(...ROOT)) };
    const request = https.request(options).end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    response.resume();
    await once(response, "end");
    await once(request.socket as object as NodeJS.EventEmitter, "close");
  });
});
