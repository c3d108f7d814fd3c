import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { until } from "#pkg/async/index.ts";
import { configmaps } from "#pkg/api/types/core-v1.ts";
import { type Client, createClient, createPortTransport } from "#pkg/client/index.ts";
import { isForbidden, isNotFound } from "#pkg/errors/index.ts";
import { ADMIN, startTestServer, type TestServer } from "../testing.ts";
import { servePort } from "./port-server.ts";

describe("servePort", () => {
  let test: TestServer;
  const channels: MessageChannel[] = [];
  const connect = (user = ADMIN): Client => {
    const channel = new MessageChannel();
    channels.push(channel);
    servePort(test.server, channel.port1, user);
    return createClient(createPortTransport(channel.port2));
  };
  before(async () => {
    test = await startTestServer();
  });
  after(async () => {
    for (const { port1 } of channels) port1.close();
    await test.close();
  });

  it("answers requests, and errors as they are", async () => {
    const client = connect();
    const made = await client.create(configmaps, { metadata: { name: "a", namespace: "x" }, data: { k: "v" } });
    assert.deepEqual(await client.get(configmaps, { namespace: "x", name: "a" }), made);
    assert.equal((await client.list(configmaps, { namespace: "x" })).items.length, 1);
    await assert.rejects(client.get(configmaps, { namespace: "x", name: "none" }), isNotFound);
    const nobody = connect({ name: "nobody", groups: [] });
    await assert.rejects(nobody.list(configmaps), isForbidden);
  });

  it("lists and watches metadata alone for those who ask", async () => {
    const client = connect();
    await client.create(configmaps, {
      metadata: { name: "m", namespace: "meta", labels: { a: "b" } },
      data: { k: "v" },
    });
    const list = await client.list(configmaps, { namespace: "meta", metadataOnly: true });
    assert.deepEqual(
      list.items.map((item) => [item.kind, item.metadata.labels, item.data]),
      [["PartialObjectMetadata", { a: "b" }, undefined]],
    );
    const controller = new AbortController();
    for await (const { type, object } of client.watch(configmaps, {
      namespace: "meta",
      resourceVersion: "0",
      metadataOnly: true,
      signal: controller.signal,
    })) {
      assert.deepEqual(
        [type, object.kind, object.metadata.name, object.data],
        ["ADDED", "PartialObjectMetadata", "m", undefined],
      );
      break;
    }
  });

  it("sends objects without managedFields, and keeps them where such an object is written back", async () => {
    const client = connect();
    const path = "/api/v1/namespaces/lean/configmaps/a";
    const at = { namespace: "lean", name: "a" };
    const made = await client.create(configmaps, { metadata: at, data: { k: "v" } }, { fieldManager: "maker" });
    const read = await client.get(configmaps, at);
    const listed = (await client.list(configmaps, { namespace: "lean" })).items;
    const { metadata } = (await client.list(configmaps, { namespace: "lean", metadataOnly: true })).items[0] ?? {};
    for (const each of [made, read, listed[0], { metadata }]) {
      assert.equal(each?.metadata?.name, "a");
      assert.equal("managedFields" in (each?.metadata ?? {}), false);
    }
    const managers = async (): Promise<unknown[]> => {
      const whole = (await test.transport.request({ method: "GET", path })) as typeof made;
      return (whole.metadata.managedFields ?? []).map(({ manager }) => manager);
    };
    assert.deepEqual(await managers(), ["maker"]);
    await client.update(configmaps, { ...read, data: { k: "w" } }, { fieldManager: "maker" });
    assert.deepEqual(await managers(), ["maker"]);
    const { resourceVersion } = made.metadata;
    for (const metadataOnly of [false, true]) {
      const options = { namespace: "lean", resourceVersion, metadataOnly, signal: AbortSignal.timeout(15_000) };
      for await (const { type, object } of client.watch(configmaps, options)) {
        assert.deepEqual([type, object.metadata.name, "managedFields" in object.metadata], ["MODIFIED", "a", false]);
        break;
      }
    }
  });

  it("delivers a long watch in order, whole, and stops when the client does", async () => {
    const client = connect();
    const total = 2_500;
    const start = await client.list(configmaps, { namespace: "w" });
    const controller = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      const events = client.watch(configmaps, {
        namespace: "w",
        resourceVersion: start.metadata.resourceVersion as string,
        signal: controller.signal,
      });
      for await (const event of events) {
        seen.push(event.object.metadata.name);
        if (seen.length === total) controller.abort();
      }
    })().catch(() => {});
    const names = Array.from({ length: total }, (_, i) => `n${String(i).padStart(5, "0")}`);
    await Promise.all(
      names.map((name) =>
        test.transport.request({
          method: "POST",
          path: "/api/v1/namespaces/w/configmaps",
          body: { metadata: { name } },
        }),
      ),
    );
    await until(() => controller.signal.aborted, { timeoutMs: 15_000, what: "all events" });
    await watching;
    assert.deepEqual(seen.toSorted(), names);
  });
});
