import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { createClient } from "#pkg/client/index.ts";
import { ScriptedTransport } from "#pkg/client/testing.ts";
import { createLogger } from "#pkg/log/index.ts";
import { ObjectCache } from "./object-cache.ts";
import { testMeta, testPod } from "./testing.ts";

const map = (version: string, value: string) => ({
  metadata: { ...testMeta("ns", "conf"), resourceVersion: version },
  data: { key: value },
});

describe("ObjectCache", () => {
  it("lists once, follows changes, and stops watching with the last pod", async () => {
    const transport = new ScriptedTransport(() => ({ metadata: { resourceVersion: "5" }, items: [map("5", "old")] }));
    const changed: string[] = [];
    const cache = new ObjectCache({
      client: createClient(transport),
      log: createLogger("silent"),
      changed: (uids) => changed.push(...uids),
    });
    const stop = new AbortController();
    const done = cache.start(stop.signal);
    const pod = testPod({ volumes: [{ name: "v", configMap: { name: "conf" } }] });
    cache.retain(pod);
    cache.retain({ ...pod, metadata: { ...pod.metadata, uid: "u2" } });
    assert.equal((await cache.configMap("ns", "conf"))?.data?.["key"], "old");
    await cache.configMap("ns", "conf");
    assert.equal(transport.requests.length, 1);
    const watch = await until(() => transport.watches[0], { timeoutMs: 15_000, intervalMs: 1 });
    assert.equal(watch.request.query?.["fieldSelector"], "metadata.name=conf");
    watch.push("MODIFIED", map("6", "new"));
    await until(() => changed.length > 0, { timeoutMs: 15_000, intervalMs: 1 });
    assert.deepEqual(changed, ["u1", "u2"]);
    assert.equal((await cache.configMap("ns", "conf"))?.data?.["key"], "new");
    cache.release("u1");
    assert.equal(watch.request.signal?.aborted, false);
    cache.release("u2");
    assert.equal(watch.request.signal?.aborted, true);
    stop.abort();
    await done;
  });

  it("leaves no watch running for a pod that comes after the end", async () => {
    const transport = new ScriptedTransport(() => ({ metadata: { resourceVersion: "5" }, items: [map("5", "old")] }));
    const cache = new ObjectCache({
      client: createClient(transport),
      log: createLogger("silent"),
      changed: () => undefined,
    });
    await cache.start(AbortSignal.abort());
    cache.retain(testPod({ volumes: [{ name: "v", configMap: { name: "conf" } }] }));
    assert.ok(transport.watches.every((watch) => watch.request.signal?.aborted === true));
    assert.ok(transport.requests.every((request) => request.signal?.aborted === true));
  });
});
