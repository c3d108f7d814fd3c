import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import * as https from "node:https";
import { after, before, describe, it } from "node:test";
import { type APIService, apiservices } from "#pkg/api/types/apiregistration-v1.ts";
import { namespaces, services } from "#pkg/api/types/core-v1.ts";
import { clusterrolebindings, clusterroles } from "#pkg/api/types/rbac-v1.ts";
import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { until } from "#pkg/async/index.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { createAuthority, issueCertificate, type KeyPair } from "#pkg/pki/index.ts";
import type { RunningListener } from "../http/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { type ExtensionServer, startExtensionServer, WARDLE } from "./testing.ts";

const NAME = `${WARDLE.version}.${WARDLE.group}`;
const BASE = `/apis/${WARDLE.group}/${WARDLE.version}`;
const SOON = { timeoutMs: 15_000, intervalMs: 5 };

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  readonly json: any; // oxlint-disable-line no-explicit-any -- whatever was answered
}

describe("APIService aggregation", () => {
  let test: TestServer;
  let client: Client;
  let listener: RunningListener;
  let authority: KeyPair;
  let frontProxy: KeyPair;
  let admin: KeyPair;
  let alice: KeyPair;
  let extension: ExtensionServer;
  const sessions: ClientHttp2Session[] = [];
  const cleanups: (() => unknown)[] = [];
  const t = { after: (each: () => unknown) => void cleanups.push(each) };

  before(async () => {
    [authority, frontProxy] = await Promise.all([
      createAuthority("test"),
      createAuthority("proxies", { pathLength: 0 }),
    ]);
    const user = (commonName: string, organizations: readonly string[]): Promise<KeyPair> =>
      issueCertificate(authority, { commonName, organizations, usage: "client" });
    const proxyClient = await issueCertificate(frontProxy, { commonName: "front-proxy-client", usage: "client" });
    [admin, alice] = await Promise.all([user("admin", ["system:masters"]), user("alice", ["dev, ops", "team"])]);
    test = await startTestServer(undefined, { aggregation: { frontProxyTls: () => proxyClient, resyncMs: 50 } });
    client = createClient(test.transport);
    const serving = await issueCertificate(authority, {
      commonName: "minik",
      ipAddresses: ["127.0.0.1"],
      usage: "server",
    });
    listener = await test.server.listen({
      host: "127.0.0.1",
      port: 0,
      tls: { ...serving, clientAuthorities: authority.cert, frontProxyAuthorities: frontProxy.cert },
    });
    extension = await startExtensionServer(t, frontProxy);
    await client.create(namespaces, { metadata: { name: "wardle" }, spec: {} });
  });
  after(async () => {
    for (const each of sessions) each.destroy();
    for (const each of cleanups) await each();
    await test.close();
  });

  function session(pair: KeyPair): ClientHttp2Session {
    const made = connect(`https://127.0.0.1:${listener.port}`, { ca: authority.cert, cert: pair.cert, key: pair.key });
    sessions.push(made);
    return made;
  }
  let asAdmin: ClientHttp2Session | undefined;

  async function call(
    path: string,
    options: {
      readonly method?: string;
      readonly headers?: Record<string, string | string[]>;
      readonly body?: string;
    } = {},
    on = (asAdmin ??=
      session(admin)),
  ): Promise<Answer> {
    const stream = on.request({ ":method": options.method ?? "GET", ":path": path, ...options.headers });
    if (options.body === undefined) stream.end();
    else stream.end(options.body);
    return answerOf(stream);
  }

  const available = async () =>
    (await client.get(apiservices, { name: NAME })).status?.conditions?.find((each) => each.type === "Available");
  const untilReason = (reason: string) =>
    until(async () => (await available())?.reason === reason, { ...SOON, what: `reason ${reason}` });

  /** Past validation, which has no endpoints on the loopback interface. */
  async function putSlice(port: number, ready: boolean): Promise<void> {
    const { writer } = test.server;
    const slices = "discovery.k8s.io/endpointslices";
    await writer.remove(slices, "wardle", "api-1", () => true);
    const name = { name: "api-1", namespace: "wardle", uid: randomUUID() };
    await writer.create(slices, {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { ...name, labels: { "kubernetes.io/service-name": "api" } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["127.0.0.1"], conditions: { ready } }],
      ports: [{ name: "https", port }],
    } as unknown as KubeObject);
  }

  const apiService = (more: Partial<APIService["spec"]> = {}) => ({
    metadata: { name: NAME },
    spec: {
      ...WARDLE,
      groupPriorityMinimum: 2000,
      versionPriority: 200,
      service: { namespace: "wardle", name: "api", port: 7443 },
      caBundle: extension.caBundle,
      ...more,
    },
  });

  it("keeps an APIService for every group version that is served here, with upstream's priorities and label", async () => {
    const list = await until(async () => {
      const { items } = await client.list(apiservices);
      return items.length > 20 && items;
    }, SOON);
    const core = list.find(({ metadata }) => metadata.name === "v1.");
    const apps = list.find(({ metadata }) => metadata.name === "v1.apps");
    assert.deepEqual(apps?.spec, { group: "apps", version: "v1", groupPriorityMinimum: 17_800, versionPriority: 15 });
    assert.equal(apps?.metadata.labels?.["kube-aggregator.kubernetes.io/automanaged"], "onstart");
    assert.equal(core?.spec.groupPriorityMinimum, 18_000);
    const [condition] = apps?.status?.conditions ?? [];
    assert.deepEqual([condition?.type, condition?.status, condition?.reason], ["Available", "True", "Local"]);
    assert.ok(!list.some(({ spec }) => spec.group === "apiregistration.k8s.io"));
    const groups = (await call("/apis")).json.groups.map((each: { name: string }) => each.name);
    assert.deepEqual(groups.slice(0, 3), ["apiregistration.k8s.io", "apps", "events.k8s.io"]);
  });

  it("says step by step what a remote one lacks, and answers 503 until it has it", async () => {
    await client.create(apiservices, apiService());
    await untilReason("ServiceNotFound");
    assert.equal((await available())?.message, 'service/api in "wardle" is not present');
    const refused = await call(`${BASE}/flunders`);
    assert.deepEqual([refused.status, refused.text], [503, "service unavailable\n"]);
    assert.match(String(refused.headers["content-type"]), /^text\/plain/);

    const ports = [{ name: "https", protocol: "TCP", port: 443, targetPort: 8443 }];
    const made = await client.create(services, {
      metadata: { name: "api", namespace: "wardle" },
      spec: { ports, clusterIP: "None", clusterIPs: ["None"] },
    });
    await untilReason("ServicePortError");
    await client.update(services, {
      ...made,
      spec: { ...made.spec, ports: [{ ...ports[0], port: 7443 }] },
    } as typeof made);
    await untilReason("EndpointsNotFound");
    assert.equal((await available())?.message, 'cannot find endpointslices for service/api in "wardle"');
    await putSlice(1, false);
    await untilReason("MissingEndpoints");
    await putSlice(1, true);
    await untilReason("FailedDiscoveryCheck");
    assert.match(
      (await available())?.message ?? "",
      /^failing or missing response from https:\/\/127\.0\.0\.1:1\/apis\/wardle.*connection refused/,
    );
    await putSlice(extension.port, true);
    await untilReason("Passed");
    assert.equal((await available())?.status, "True");
  });

  it("shows its group in all discovery documents, in order of priority", async () => {
    const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    const names = (await call("/apis")).json.groups.map((each: { name: string }) => each.name);
    assert.equal(names.at(-1), WARDLE.group);
    assert.equal((await call(`/apis/${WARDLE.group}`)).json.preferredVersion.version, "v1alpha1");
    assert.equal((await call(BASE)).json.resources[0].name, "flunders");
    const { items } = (await call("/apis", { headers: { accept: aggregated } })).json;
    const [version] = items.at(-1).versions;
    assert.deepEqual([version.version, version.freshness], ["v1alpha1", "Current"]);
    assert.deepEqual(version.resources, [
      {
        resource: "flunders",
        responseKind: { group: "", version: "", kind: "Flunder" },
        scope: "Namespaced",
        singularResource: "flunder",
        verbs: ["create", "delete", "get", "list", "watch"],
        shortNames: ["fl"],
        subresources: [
          { subresource: "status", responseKind: { group: "", version: "", kind: "Flunder" }, verbs: ["get"] },
        ],
      },
    ]);
  });

  it("publishes its OpenAPI with that of this server", async () => {
    const index = (await call("/openapi/v3")).json.paths;
    const address = index[BASE.slice(1)].serverRelativeURL;
    assert.equal(address, `/openapi/v3${BASE}?hash=ABC`);
    assert.ok(index["apis/apps/v1"]);
    assert.ok((await call(address)).json.components.schemas["com.example.wardle.v1alpha1.Flunder"]);
    const v2 = (await call("/openapi/v2", { headers: { accept: "application/json" } })).json;
    assert.equal(v2.paths[`${BASE}/flunders`].get.operationId, "listFlunders");
    assert.equal(v2.definitions["com.example.wardle.v1alpha1.Flunder"].description, "A flunder");
    assert.ok(v2.definitions["io.k8s.api.core.v1.Pod"]);
    const asked = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    assert.match((await call("/openapi/v2", { headers: { accept: asked } })).text, /com\.example\.wardle/);
  });

  it("hands requests on as the user who asks, without what proves it", async () => {
    await client.create(clusterroles, {
      metadata: { name: "flunders" },
      rules: [{ apiGroups: [WARDLE.group], resources: ["flunders"], verbs: ["get", "create"] }],
    });
    await client.create(clusterrolebindings, {
      metadata: { name: "flunders" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "flunders" },
      subjects: [{ kind: "User", name: "alice", apiGroup: "rbac.authorization.k8s.io" }],
    });
    const asAlice = session(alice);
    const forbidden = await call(`${BASE}/flunders`, {}, asAlice);
    assert.deepEqual([forbidden.status, forbidden.json.reason], [403, "Forbidden"]);

    extension.seen.length = 0;
    const body = JSON.stringify({
      apiVersion: `${WARDLE.group}/${WARDLE.version}`,
      kind: "Flunder",
      metadata: { name: "a" },
    });
    const headers = {
      "content-type": "application/json",
      "x-remote-user": "root",
      "x-remote-group": "system:masters",
      "x-remote-extra-scopes": "all",
    };
    const path = `${BASE}/namespaces/default/flunders`;
    const made = await call(`${path}?fieldManager=t`, { method: "POST", headers, body }, asAlice);
    assert.deepEqual([made.status, made.json.metadata.name], [201, "a"]);
    const posted = extension.seen.find(({ method }) => method === "POST");
    assert.equal(posted?.url, `${path}?fieldManager=t`);
    assert.equal(posted?.caller, "front-proxy-client");
    assert.equal(posted?.headers["x-remote-user"], "alice");
    assert.equal(posted?.headers["x-remote-extra-scopes"], undefined);
    assert.equal(posted?.headers.host, `127.0.0.1:${extension.port}`);
    const groups = posted?.rawHeaders.filter(
      (_, i, all) => all[i - 1]?.toLowerCase() === "x-remote-group" && i % 2 === 1,
    );
    assert.deepEqual(groups, ["dev, ops", "team", "system:authenticated"]);
    assert.equal((await call(`${path}/a`, {}, asAlice)).json.metadata.namespace, "default");
    assert.equal((await call(`${path}/b`, {}, asAlice)).json.message, `flunders.${WARDLE.group} "b" not found`);
  });

  it("streams watches as events come", async () => {
    const stream = (asAdmin ??= session(admin)).request({ ":path": `${BASE}/flunders?watch=true` });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.equal(headers[":status"], 200);
    const body = JSON.stringify({ kind: "Flunder", metadata: { name: "watched" } });
    await call(`${BASE}/namespaces/default/flunders`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    const [chunk] = (await once(stream, "data")) as [Buffer];
    assert.equal(
      (JSON.parse(chunk.toString()) as { object: { metadata: { name: string } } }).object.metadata.name,
      "watched",
    );
    stream.destroy();
  });

  it("gives objects and events to callers in this process", async () => {
    const flunders = { ...WARDLE, kind: "Flunder", plural: "flunders", namespaced: true } as ResourceRef<KubeObject>;
    const stop = new AbortController();
    const events = client.watch(flunders, { signal: stop.signal })[Symbol.asyncIterator]();
    const next = events.next();
    const name = { name: "inside", namespace: "default" };
    await until(() => extension.seen.some(({ url }) => url.includes("watch=true")), SOON);
    await client.create(flunders, { metadata: name } as KubeObject);
    const event = (await next).value as { type: string; object: KubeObject };
    assert.deepEqual([event.type, event.object.metadata.name], ["ADDED", "inside"]);
    stop.abort();
    assert.equal((await client.get(flunders, name)).metadata.namespace, "default");
    assert.ok((await client.list(flunders)).items.some(({ metadata }) => metadata.name === "inside"));
    await assert.rejects(client.get(flunders, { ...name, name: "nope" }), isNotFound);
  });

  it("moves bodies both ways before they are whole", async () => {
    extension.answer = (request, response) => {
      if (request.url !== `${BASE}/echo`) return false;
      response.writeHead(200, { "content-type": "text/plain", connection: "x-hop", "x-hop": "1", "x-kept": "2" });
      request.pipe(response);
      return true;
    };
    const stream = (asAdmin ??= session(admin)).request({ ":path": `${BASE}/echo`, ":method": "POST" });
    stream.write("first");
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    assert.deepEqual([headers["x-hop"], headers["x-kept"]], [undefined, "2"]);
    assert.equal(String((await once(stream, "data"))[0]), "first");
    stream.write("second");
    assert.equal(String((await once(stream, "data"))[0]), "second");
    stream.end();
    await once(stream, "end");
    extension.answer = undefined;
  });

  it("hands on answers of types that this server does not have", async () => {
    extension.answer = (request, response) => {
      if (!request.url?.endsWith("/chart")) return false;
      response.writeHead(200, { "content-type": "image/png" }).end("png");
      return true;
    };
    const answer = await call(`${BASE}/namespaces/default/flunders/a/chart`, { headers: { accept: "image/png" } });
    assert.deepEqual([answer.status, answer.text], [200, "png"]);
    extension.answer = undefined;
  });

  it("refuses redirects, which would send the caller elsewhere", async () => {
    extension.answer = (request, response) => {
      if (request.url !== `${BASE}/moved`) return false;
      response.writeHead(302, { location: "https://elsewhere/" }).end();
      return true;
    };
    const { status, text } = await call(`${BASE}/moved`);
    assert.deepEqual([status, text], [502, "the backend attempted to redirect this request, which is not permitted"]);
    extension.answer = undefined;
  });

  it("answers 503 when the server switches protocols, which nobody asked for", async () => {
    extension.answer = (request) => {
      if (!request.url?.endsWith("/switch")) return false;
      return request.socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    };
    const { status, text } = await call(`${BASE}/flunders/switch`);
    extension.answer = undefined;
    assert.equal(status, 503);
    assert.match(text, /unexpected upgrade/);
  });

  it("gives the seats of watches back once they have begun", async () => {
    const watch = (asAdmin as ClientHttp2Session).request({ ":path": `${BASE}/flunders?watch=1` });
    await once(watch, "response");
    const { text } = await call("/metrics");
    // The one that asks.
    assert.match(text, /current_executing_requests\{flow_schema="exempt",priority_level="exempt"\} 1\n/);
    watch.close();
  });

  it("hands Upgrade requests on", async () => {
    extension.upgrade = (request, socket) => {
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nX-User: ${String(request.headers["x-remote-user"])}\r\n\r\n`,
      );
      socket.pipe(socket);
    };
    const request = https.request({
      host: "127.0.0.1",
      port: listener.port,
      path: `${BASE}/stream`,
      ca: authority.cert,
      cert: admin.cert,
      key: admin.key,
      headers: { connection: "Upgrade", upgrade: "echo", "x-remote-user": "root" },
    });
    request.end();
    const [response, socket] = (await once(request, "upgrade")) as [
      import("node:http").IncomingMessage,
      import("node:net").Socket,
    ];
    assert.equal(response.headers["x-user"], "admin");
    socket.write("ping");
    assert.equal(String((await once(socket, "data"))[0]), "ping");
    socket.destroy();
  });

  it("answers 503 where the server's certificate is not of the bundle, though it is reached", async () => {
    const merge = "application/merge-patch+json";
    const { cert } = await createAuthority("other");
    const spec = { caBundle: Buffer.from(cert).toString("base64") };
    await client.patch(apiservices, { name: NAME }, merge, { spec });
    const answer = await call(`${BASE}/flunders`);
    assert.equal(answer.status, 503);
    assert.match(answer.text, /^error trying to reach service: tls: failed to verify certificate: x509/);
    await client.patch(apiservices, { name: NAME }, merge, { spec: { caBundle: null, insecureSkipTLSVerify: true } });
    assert.equal((await call(`${BASE}/flunders`)).status, 200);
  });

  it("shows the group as stale while its server is away, and forgets it with its APIService", async () => {
    const aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    await client.delete(services, { namespace: "wardle", name: "api" });
    await untilReason("ServiceNotFound");
    const { items } = (await call("/apis", { headers: { accept: aggregated } })).json;
    const [version] = items.at(-1).versions;
    assert.deepEqual([version.freshness, version.resources.length], ["Stale", 1]);
    assert.equal((await call(BASE)).status, 503);
    await client.delete(apiservices, { name: NAME });
    assert.ok(!(await call("/openapi/v2")).text.includes("wardle"));
    assert.equal((await call(BASE)).status, 404);
    assert.equal((await call(`${BASE}/flunders`)).json.message, "the server could not find the requested resource");
  });
});

async function answerOf(stream: ClientHttp2Stream): Promise<Answer> {
  const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const isJson = String(headers["content-type"]).startsWith("application/json");
  return { status: Number(headers[":status"]), headers, text, json: isJson ? JSON.parse(text) : undefined };
}
