import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { after, before, describe, it } from "node:test";
import { createClient } from "#pkg/client/index.ts";
import { ScriptedTransport } from "#pkg/client/testing.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createAuthority, issueCertificate } from "#pkg/pki/index.ts";
import { KubeletServer } from "./server.ts";
import { subresourcesOf } from "./server/authorizer.ts";
import { testPod } from "./testing.ts";

/** The runtime's streaming server: echoes what comes over an upgraded connection, and ends when the caller does. */
const streaming = createServer();
streaming.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
  const protocol = request.headers["x-stream-protocol-version"];
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\nX-Proto: ${protocol}\r\n\r\n`,
  );
  socket.on("data", (data: Buffer) => socket.write(`${request.url} ${data}`));
  socket.on("end", () => socket.end("bye"));
  socket.on("error", () => undefined);
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

describe("KubeletServer", () => {
  const stop = new AbortController();
  const asked: string[] = [];
  let root = "";
  let port = 0;
  let healthPort = 0;
  let done: Promise<void>;
  let ca = "";
  let admin = { cert: "", key: "" };
  let isRunning = false;
  const logPath = (): string => join(root, "0.log");

  const pod = testPod({}, { namespace: "ns", name: "web", uid: "u1" });
  const status = {
    ...pod.status,
    phase: "Running",
    containerStatuses: [{ name: "c", image: "i", imageID: "", ready: true, restartCount: 0, state: { running: {} } }],
  };
  const transport = new ScriptedTransport(({ path, body }) => {
    const { spec } = body as { spec: { token?: string; user?: string; resourceAttributes?: { subresource: string } } };
    if (path.endsWith("/tokenreviews")) {
      return { status: spec.token === "good" ? { authenticated: true, user: { username: "sa", groups: ["g"] } } : {} };
    }
    asked.push(`${spec.user} ${spec.resourceAttributes?.subresource}`);
    return { status: { allowed: spec.resourceAttributes?.subresource === "metrics" } };
  });
  const runtime = {
    containerStatus: async () => ({
      status: { logPath: logPath(), state: isRunning ? "CONTAINER_RUNNING" : "CONTAINER_EXITED" },
    }),
    exec: async (request: object) => ({
      url: `http://127.0.0.1:${(streaming.address() as AddressInfo).port}/x?${JSON.stringify(request).length}`,
    }),
    listContainerStats: async () => ({
      stats: [
        {
          attributes: {
            id: "1",
            labels: {
              "io.kubernetes.pod.uid": "u1",
              "io.kubernetes.pod.name": "web",
              "io.kubernetes.pod.namespace": "ns",
              "io.kubernetes.container.name": "c",
            },
          },
          cpu: { timestamp: 1e15, usageCoreNanoSeconds: { value: 2e9 } },
          memory: { workingSetBytes: { value: 4096 } },
        },
      ],
    }),
    listPodSandboxStats: async () => ({ stats: [] }),
  } as unknown as CriClient["runtime"];

  before(async () => {
    root = await mkdtemp(join(tmpdir(), "minik-kubelet-"));
    await writeFile(logPath(), "2026-01-01T00:00:00Z stdout F hello\n");
    streaming.listen(0, "127.0.0.1");
    await once(streaming, "listening");
    const authority = await createAuthority("ca");
    const serving = await issueCertificate(authority, {
      commonName: "node",
      ipAddresses: ["127.0.0.1"],
      usage: "server",
    });
    admin = await issueCertificate(authority, {
      commonName: "api",
      organizations: ["system:masters"],
      usage: "client",
    });
    ca = authority.cert;
    const server = new KubeletServer({
      client: createClient(transport),
      cri: { runtime },
      log: createLogger("silent"),
      nodeName: "n1",
      root,
      status: {
        pods: () => [{ ...pod, status }],
        podStatus: () => status,
        containerId: (_namespace, _pod, container, previous) =>
          container === "c" && previous !== true ? "id" : undefined,
        sandboxId: () => "sandbox",
        healthy: () => true,
      },
      tls: () => tls,
      address: "127.0.0.1",
      port: 0,
      healthPort: 0,
      config: { clusterDomain: "cluster.local" },
    });
    const tls = { ...serving, clientCa: authority.cert };
    done = server.start(stop.signal);
    const listening = await server.listening;
    port = listening.port;
    healthPort = listening.healthPort ?? 0;
  });
  after(async () => {
    stop.abort();
    await done;
    streaming.close();
    streaming.closeAllConnections();
    await rm(root, { recursive: true, force: true });
  });

  const ask = (path: string, options: { token?: string; method?: string; upgrade?: boolean } = {}) => {
    const headers = {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.upgrade === true
        ? { connection: "Upgrade", upgrade: "SPDY/3.1", "x-stream-protocol-version": "v4.channel.k8s.io" }
        : {}),
    };
    const identity = options.token === undefined ? admin : {};
    const method = options.method ?? "GET";
    return httpsRequest({ host: "127.0.0.1", port, path, method, ca, agent: false, headers, ...identity });
  };
  const get = async (path: string, options: Parameters<typeof ask>[1] = {}): Promise<Answer> => {
    const request = ask(path, options);
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    let text = "";
    for await (const chunk of response) text += String(chunk);
    return { status: response.statusCode ?? 0, text };
  };

  it("lets nobody in without a credential, and asks the API server about tokens", async () => {
    assert.deepEqual(await get("/pods", { token: "bad" }), { status: 401, text: "Unauthorized\n" });
    const refused = await get("/pods", { token: "good" });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /Forbidden \(user=sa, verb=get, resource=nodes, subresource\(s\)=\[pods proxy\]\)/);
    assert.equal((await get("/metrics/resource", { token: "good" })).status, 200);
    await get("/metrics", { token: "good" });
    assert.deepEqual(asked, ["sa pods", "sa proxy", "sa metrics"]);
  });

  it("knows the fine-grained subresources of paths", () => {
    assert.deepEqual(subresourcesOf("/stats/summary"), ["stats"]);
    assert.deepEqual(subresourcesOf("/exec/a/b/c"), ["proxy"]);
    assert.deepEqual(subresourcesOf("/podsx"), ["proxy"]);
  });

  it("serves pods, configuration, statistics and health", async () => {
    assert.match((await get("/pods")).text, /"kind":"PodList".*"name":"web"/);
    assert.match((await get("/configz")).text, /"clusterDomain":"cluster.local"/);
    const summary = JSON.parse((await get("/stats/summary")).text);
    assert.equal(summary.pods[0].containers[0].memory.workingSetBytes, 4096);
    assert.ok(summary.node.memory.availableBytes > 0);
    const metrics = await get("/metrics/resource");
    assert.match(
      metrics.text,
      /container_cpu_usage_seconds_total\{container="c",namespace="ns",pod="web"\} 2 1000000000\n/,
    );
    const request = httpRequest({ host: "127.0.0.1", port: healthPort, path: "/healthz", agent: false });
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    response.resume();
  });

  it("gives logs, and says what is not there", async () => {
    assert.equal((await get("/containerLogs/ns/web/c?tailLines=5")).text, "hello\n");
    assert.equal((await get("/containerLogs/ns/web/none")).status, 404);
    assert.equal((await get("/containerLogs/ns/none/c")).status, 404);
    const previous = await get("/containerLogs/ns/web/c?previous=true");
    assert.deepEqual(previous, { status: 400, text: 'previous terminated container "c" in pod "web" not found\n' });
    assert.equal((await get("/containerLogs/ns/web/c?tailLines=x")).status, 400);
  });

  it("follows a log until the container ends", async () => {
    isRunning = true;
    const request = ask("/containerLogs/ns/web/c?follow=true");
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const [first] = (await once(response, "data")) as [Buffer];
    assert.equal(first.toString(), "hello\n");
    const second = once(response, "data");
    await appendFile(logPath(), "2026-01-01T00:00:01Z stdout F more\n");
    assert.equal(String((await second)[0]), "more\n");
    isRunning = false;
    response.resume();
    await once(response, "end");
  });

  it("joins exec to the runtime, with half-closed connections", async () => {
    const request = ask("/exec/ns/web/c?command=sh&input=1&output=1", { upgrade: true, method: "POST" });
    request.end();
    const [response, socket] = (await once(request, "upgrade")) as [IncomingMessage, Duplex];
    assert.equal(response.headers["x-proto"], "v4.channel.k8s.io");
    socket.write("ping");
    assert.match(String((await once(socket, "data"))[0]), /^\/x\?\d+ ping$/);
    const bye = once(socket, "data");
    socket.end();
    assert.equal(String((await bye)[0]), "bye");
  });

  it("refuses streams before switching protocols", async () => {
    const refused = async (path: string): Promise<Answer> => await get(path, { upgrade: true });
    assert.equal(
      (await refused("/exec/ns/web/c?command=sh")).text,
      "you must specify at least 1 of stdin, stdout, stderr\n",
    );
    assert.equal((await refused("/exec/ns/web/c?output=1")).status, 400);
    assert.equal((await refused("/exec/ns/web/other?command=sh&output=1")).status, 404);
    assert.equal((await get("/exec/ns/web/c?command=sh&output=1")).text, "Upgrade request required\n");
  });

  it("knows its paths and methods", async () => {
    assert.equal((await get("/nothing")).status, 404);
    assert.equal((await get("/pods", { method: "DELETE" })).status, 405);
  });
});
