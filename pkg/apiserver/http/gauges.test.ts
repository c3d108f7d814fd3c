import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configmaps } from "#pkg/api/types/core-v1.ts";
import { deployments } from "#pkg/api/types/apps-v1.ts";
import { createClient } from "#pkg/client/index.ts";
import { requestInfoOf } from "../request-info.ts";
import { ADMIN, startTestServer } from "../testing.ts";
import { gauges } from "./gauges.ts";
import type { Flight } from "./in-flight.ts";

const flight = (method: string, path: string, deadline = 1): Flight => {
  const url = new URL(path, "http://server");
  return { deadline, info: requestInfoOf(method, url.pathname, url.searchParams), cut: () => {} };
};

describe("gauges", () => {
  it("tells requests from watches, and readers from writers", () => {
    const pods = "/api/v1/namespaces/a/pods";
    const lines = gauges({
      flights: [
        flight("GET", pods),
        flight("POST", pods),
        { ...flight("GET", pods), isWaiting: true },
        flight("DELETE", `${pods}/x`),
        flight("GET", `${pods}?watch=1`, Number.POSITIVE_INFINITY),
        flight("GET", `${pods}?watch=1`, Number.POSITIVE_INFINITY),
      ],
      objects: [],
      storeBytes: 4096,
    }).filter((line) => !line.startsWith("#"));
    assert.deepEqual(lines, [
      'apiserver_current_inflight_requests{request_kind="mutating"} 2',
      'apiserver_current_inflight_requests{request_kind="readOnly"} 1',
      'apiserver_current_inqueue_requests{request_kind="mutating"} 0',
      'apiserver_current_inqueue_requests{request_kind="readOnly"} 1',
      'apiserver_longrunning_requests{component="apiserver",verb="WATCH",group="",version="v1",resource="pods",subresource="",scope="namespace"} 2',
      'apiserver_storage_size_bytes{storage_cluster_id="etcd-0"} 4096',
    ]);
  });

  it("are in /metrics, with the objects that are stored", async (t) => {
    const { server, transport } = await startTestServer(t);
    const client = createClient(transport);
    await client.create(configmaps, { metadata: { namespace: "a", name: "b" } });
    assert.equal((await client.list(deployments)).items.length, 0);
    const info = requestInfoOf("GET", "/metrics", new URLSearchParams());
    const reply = await server.pipeline.handle({
      info,
      method: "GET",
      path: "/metrics",
      query: new URLSearchParams(),
      headers: {},
      user: ADMIN,
      signal: new AbortController().signal,
      body: async () => undefined,
      warn: () => {},
    });
    assert.ok(reply.kind === "bytes");
    const lines = String(reply.body).split("\n");
    assert.ok(lines.includes('apiserver_storage_objects{resource="configmaps"} 1'));
    assert.ok(lines.includes('apiserver_storage_objects{resource="deployments.apps"} 0'));
    assert.ok(lines.some((line) => /^apiserver_storage_size_bytes\{.*\} [1-9]\d+$/.test(line)));
  });
});
