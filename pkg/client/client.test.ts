import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { configmaps, nodes, pods } from "#pkg/api/types/core-v1.ts";
import { deployments } from "#pkg/api/types/apps-v1.ts";
import { createClient } from "./client.ts";
import { ScriptedTransport } from "./testing.ts";

describe("createClient", () => {
  it("turns calls into paths, queries and bodies", async () => {
    const transport = new ScriptedTransport(() => ({ metadata: {}, items: [] }));
    const client = createClient(transport);
    await client.get(nodes, { name: "n 1" });
    await client.list(pods, { fieldSelector: "spec.nodeName=n", limit: 5 });
    await client.create(configmaps, { metadata: { namespace: "a", name: "c" } }, { dryRun: true });
    await client.createSub(pods, { namespace: "a", name: "p" }, "binding", { target: { name: "n" } });
    await client.patch(deployments, { namespace: "a", name: "d" }, "application/merge-patch+json", { spec: {} });
    await client.delete(pods, { namespace: "a", name: "p" }, { gracePeriodSeconds: 0 });
    const lines = transport.requests.map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(lines, [
      "GET /api/v1/nodes/n%201",
      "GET /api/v1/pods",
      "POST /api/v1/namespaces/a/configmaps",
      "POST /api/v1/namespaces/a/pods/p/binding",
      "PATCH /apis/apps/v1/namespaces/a/deployments/d",
      "DELETE /api/v1/namespaces/a/pods/p",
    ]);
    assert.equal(transport.requests[1]?.query?.["limit"], 5);
    assert.deepEqual(transport.requests[2]?.body, {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { namespace: "a", name: "c" },
    });
    assert.equal(transport.requests[2]?.query?.["dryRun"], "All");
    assert.equal(transport.requests[4]?.contentType, "application/merge-patch+json");
  });

  it("refuses a call about one object without its name or namespace", async () => {
    const client = createClient(new ScriptedTransport(() => ({})));
    assert.throws(() => client.delete(pods, { name: "p" }), /needs a namespace/);
    assert.throws(() => client.delete(nodes, { name: "" }), /needs a name/);
  });
});
