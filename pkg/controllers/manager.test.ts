import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startTestServer } from "#pkg/apiserver/testing.ts";
import { until } from "#pkg/async/index.ts";
import { leases } from "#pkg/api/types/coordination-v1.ts";
import { namespaces, serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { createClient } from "#pkg/client/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createControllerManager, enabledControllers } from "./manager.ts";

const LEASE = { namespace: "kube-system", name: "kube-controller-manager" };
const leaseTiming = { leaseDurationMs: 1000, renewDeadlineMs: 60, retryPeriodMs: 10 };

describe("createControllerManager", () => {
  it("runs the controllers of one manager, and of the next when the first stops", async (t) => {
    const server = await startTestServer(t);
    const client = createClient(server.transport);
    const log = createLogger("silent");
    const manager = (identity: string): (() => Promise<void>) => {
      const stop = new AbortController();
      const controllers = ["serviceaccount-controller"];
      const options = { identity, leaseTiming, controllers };
      const running = createControllerManager({ client, log, options }).start(stop.signal);
      return async () => {
        stop.abort();
        await running;
      };
    };
    const holder = async (): Promise<string | undefined> => (await client.get(leases, LEASE)).spec.holderIdentity;
    const soon = { timeoutMs: 15_000, intervalMs: 5 };
    const stopFirst = manager("first");
    await until(async () => (await holder()) === "first", soon);
    const stopSecond = manager("second");
    t.after(stopSecond);
    const works = async (name: string): Promise<void> => {
      await client.create(namespaces, { metadata: { name }, spec: {} });
      await until(() => client.get(serviceaccounts, { namespace: name, name: "default" }), soon);
    };
    await works("one");
    assert.equal(await holder(), "first");
    await stopFirst();
    await until(async () => (await holder()) === "second", soon);
    await works("two");
  });
});

describe("enabledControllers", () => {
  it("reads lists as --controllers does", () => {
    const names = (list: string[]): string[] => enabledControllers(list).map((c) => c.name);
    assert.deepEqual(names(["namespace-controller"]), ["namespace-controller"]);
    assert.ok(!names(["*", "-namespace-controller"]).includes("namespace-controller"));
    assert.ok(names(["*"]).length > 10);
    assert.throws(() => names(["*", "-nonsense"]), /There is no controller "nonsense"/);
  });
});
