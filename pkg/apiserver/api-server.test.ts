import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { configmaps, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { createClient, type Client } from "#pkg/client/index.ts";
import { isAlreadyExists, isConflict, isInvalid, isNotFound } from "#pkg/errors/index.ts";
import { startTestServer, type TestServer } from "./testing.ts";

const pod = (name: string): Pod =>
  ({
    metadata: { name, namespace: "default" },
    spec: { containers: [{ name: "a", image: "busybox" }] },
  }) as unknown as Pod;

describe("ApiServer", () => {
  let test: TestServer;
  let client: Client;
  before(async () => {
    test = await startTestServer();
    client = createClient(test.transport);
  });
  after(() => test.close());

  it("refuses an object without a name also where the name is part of other fields", async () => {
    const template = { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "busybox" }] } };
    const body = { apiVersion: "batch/v1", kind: "Job", metadata: {}, spec: { template } };
    const path = "/apis/batch/v1/namespaces/default/jobs";
    await assert.rejects(test.transport.request({ method: "POST", path, body }), isInvalid);
  });

  it("creates, reads, updates, patches and deletes an object", async () => {
    const made = await client.create(configmaps, { metadata: { name: "a", namespace: "default" }, data: { k: "1" } });
    assert.equal(made.kind, "ConfigMap");
    assert.match(made.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.ok(Object.isFrozen(made.metadata));
    assert.deepEqual(await client.get(configmaps, { namespace: "default", name: "a" }), made);
    const updated = await client.update(configmaps, { ...made, data: { k: "2" } });
    assert.notEqual(updated.metadata.resourceVersion, made.metadata.resourceVersion);
    await assert.rejects(client.update(configmaps, { ...made, data: { k: "3" } }), isConflict);
    const same = await client.update(configmaps, updated);
    assert.equal(same.metadata.resourceVersion, updated.metadata.resourceVersion);
    const merged = await client.patch(configmaps, { namespace: "default", name: "a" }, "application/merge-patch+json", {
      data: { k: null, l: "4" },
    });
    assert.deepEqual(merged.data, { l: "4" });
    const json = await client.patch(configmaps, { namespace: "default", name: "a" }, "application/json-patch+json", [
      { op: "add", path: "/data/m", value: "5" },
    ]);
    assert.deepEqual(json.data, { l: "4", m: "5" });
    await client.delete(configmaps, { namespace: "default", name: "a" });
    await assert.rejects(client.get(configmaps, { namespace: "default", name: "a" }), isNotFound);
  });

  it("refuses a second object of the same name and a bad name", async () => {
    await client.create(configmaps, { metadata: { name: "twice", namespace: "default" } });
    await assert.rejects(
      client.create(configmaps, { metadata: { name: "twice", namespace: "default" } }),
      isAlreadyExists,
    );
    await assert.rejects(client.create(configmaps, { metadata: { name: "Bad_", namespace: "default" } }), isInvalid);
  });

  it("lists with selectors, in pages that show one snapshot", async () => {
    for (const name of ["l1", "l2", "l3", "l4"])
      await client.create(configmaps, {
        metadata: { name, namespace: "pages", labels: { n: name, odd: String(["l1", "l3"].includes(name)) } },
      });
    const names = (list: { items: readonly { metadata: { name: string } }[] }): string[] =>
      list.items.map((item) => item.metadata.name);
    assert.deepEqual(names(await client.list(configmaps, { namespace: "pages" })), ["l1", "l2", "l3", "l4"]);
    assert.deepEqual(names(await client.list(configmaps, { namespace: "pages", labelSelector: "odd=true" })), [
      "l1",
      "l3",
    ]);
    assert.deepEqual(names(await client.list(configmaps, { fieldSelector: "metadata.name=l2" })), ["l2"]);
    const first = await client.list(configmaps, { namespace: "pages", limit: 3 });
    assert.equal(first.metadata.remainingItemCount, 1);
    await client.delete(configmaps, { namespace: "pages", name: "l4" });
    await client.create(configmaps, { metadata: { name: "l5", namespace: "pages" } });
    const rest = await client.list(configmaps, {
      namespace: "pages",
      limit: 3,
      continue: first.metadata.continue as string,
    });
    assert.deepEqual(names(rest), ["l4"]);
    assert.equal(rest.metadata.resourceVersion, first.metadata.resourceVersion);
  });

  it("watches from a revision and tells selectors' comings and goings", async () => {
    const start = await client.create(configmaps, { metadata: { name: "w", namespace: "watch" } });
    const controller = new AbortController();
    const seen: string[] = [];
    const done = (async () => {
      for await (const event of client.watch(configmaps, {
        namespace: "watch",
        labelSelector: "in=yes",
        resourceVersion: start.metadata.resourceVersion,
        signal: controller.signal,
      })) {
        seen.push(`${event.type} ${event.object.metadata.name} ${event.object.metadata.resourceVersion}`);
        if (seen.length === 3) controller.abort();
      }
    })();
    const at = { namespace: "watch", name: "w" };
    const label = (value: string | null) =>
      client.patch(configmaps, at, "application/merge-patch+json", { metadata: { labels: { in: value } } });
    const one = await label("yes");
    const two = await client.patch(configmaps, at, "application/merge-patch+json", { data: { a: "b" } });
    const three = await label(null);
    await done.catch(() => {});
    assert.deepEqual(seen, [
      `ADDED w ${one.metadata.resourceVersion}`,
      `MODIFIED w ${two.metadata.resourceVersion}`,
      `DELETED w ${three.metadata.resourceVersion}`,
    ]);
  });

  it("keeps status from spec updates and spec from status updates", async () => {
    const made = await client.create(pods, pod("s"));
    const withStatus = await client.updateStatus(pods, { ...made, status: { phase: "Running" } } as Pod);
    assert.equal(withStatus.status?.phase, "Running");
    const updated = await client.update(pods, {
      ...withStatus,
      status: {},
      metadata: { ...withStatus.metadata, labels: { a: "b" } },
    } as Pod);
    assert.equal(updated.status?.phase, "Running");
    assert.equal(updated.metadata.labels?.["a"], "b");
  });

  it("holds an object with finalizers until the last is gone", async () => {
    const at = { namespace: "default", name: "held" };
    await client.create(configmaps, { metadata: { ...at, finalizers: ["example.com/hold"] } });
    await client.delete(configmaps, at);
    const held = await client.get(configmaps, at);
    assert.ok(held.metadata.deletionTimestamp);
    await client.update(configmaps, { ...held, metadata: { ...held.metadata, finalizers: [] } });
    await assert.rejects(client.get(configmaps, at), isNotFound);
  });
});
