import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { events } from "#pkg/api/types/core-v1.ts";
import { events as newEvents } from "#pkg/api/types/events-v1.ts";
import { until } from "#pkg/async/index.ts";
import { createClient } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createApiServer } from "./api-server.ts";
import { ADMIN, startTestServer } from "./testing.ts";

const soon = { timeoutMs: 15_000, intervalMs: 2 };
const log = createLogger("silent");
const event = (name: string, times: object = {}) => ({
  metadata: { name, namespace: "default" },
  involvedObject: { namespace: "default" },
  ...times,
});

describe("EventExpiry", () => {
  it("removes an event, of either group, when its time is over, and tells watchers", async (t) => {
    const { transport } = await startTestServer(t, { eventTtlMs: 30 });
    const client = createClient(transport);
    const stop = new AbortController();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { type, object } of client.watch(newEvents, { signal: stop.signal }))
        seen.push(`${type} ${object.metadata.name}`);
    })();
    await client.create(events, event("a"));
    await client.create(newEvents, {
      metadata: { name: "b", namespace: "default" },
      eventTime: new Date().toISOString().replace("Z", "000Z"),
      reportingController: "example.com/c",
      reportingInstance: "i",
      action: "Test",
      reason: "Tested",
      type: "Normal",
    });
    await until(() => seen.length === 4, soon);
    assert.deepEqual(seen.sort(), ["ADDED a", "ADDED b", "DELETED a", "DELETED b"]);
    stop.abort();
    await watching.catch(() => {});
  });

  it("keeps an event that was written again", async (t) => {
    let now = Date.now();
    const { transport } = await startTestServer(t, { eventTtlMs: 40, now: () => now });
    const client = createClient(transport);
    const at = { namespace: "default", name: "kept" };
    await client.create(events, event("kept"));
    await client.create(events, event("gone"));
    now += 30;
    await client.patch(events, at, "application/merge-patch+json", { count: 2 });
    now += 30;
    await until(() => client.get(events, { namespace: "default", name: "gone" }).then(() => false, isNotFound), soon);
    assert.equal((await client.get(events, at)).count, 2);
    now += 30;
    await until(() => client.get(events, at).then(() => false, isNotFound), soon);
  });

  it("counts the time before a restart", async (t) => {
    const hour = 3_600_000;
    let now = Date.now();
    const { server, store, transport } = await startTestServer(t, { now: () => now });
    const client = createClient(transport);
    await client.create(events, event("old"));
    await client.create(events, event("seen-again", { lastTimestamp: new Date(now + hour / 2).toISOString() }));
    await server.close();
    now += hour + 1;
    const again = await createApiServer({ store, log, now: () => now });
    const reader = createClient(again.transport(ADMIN));
    t.after(() => again.close());
    await until(() => again.reader.list("events").length === 1, soon);
    assert.ok(await reader.get(events, { namespace: "default", name: "seen-again" }));
  });
});
