import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { customresourcedefinitions } from "#pkg/api/types/apiextensions-v1.ts";
import { startTestServer } from "#pkg/apiserver/testing.ts";
import { until } from "#pkg/async/index.ts";
import { createClient, InformerFactory } from "#pkg/client/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { discover } from "../discovery.ts";
import { OwnerGraph } from "./graph.ts";
import { Monitors } from "./monitors.ts";

describe("Monitors", () => {
  it("tells of kinds that came after discovery was read and before the first list", async (t) => {
    const client = createClient((await startTestServer(t)).transport);
    const log = createLogger("silent");
    const stop = new AbortController();
    const { resources } = await discover(client, stop.signal);
    await client.create(customresourcedefinitions, {
      metadata: { name: "foos.stable.example.com" },
      spec: {
        group: "stable.example.com",
        scope: "Namespaced",
        names: { plural: "foos", kind: "Foo" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    });
    const established = async (): Promise<boolean> =>
      (await discover(client, stop.signal)).resources.some(({ ref }) => ref.plural === "foos");
    await until(established, { timeoutMs: 15_000, intervalMs: 5, what: "foos served" });
    let told = 0;
    const monitors = new Monitors({
      client,
      log,
      graph: new OwnerGraph({ attemptToDelete: () => {}, attemptToOrphan: () => {} }),
      informers: new InformerFactory({ client, log }),
      shared: [],
      kindsChanged: () => told++,
    });
    monitors.resync(resources, stop.signal);
    await until(() => monitors.synced, { timeoutMs: 15_000, intervalMs: 5, what: "the first lists" });
    stop.abort();
    await monitors.drained();
    assert.ok(told > 0);
  });
});
