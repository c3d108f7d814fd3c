import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import { type APIService, apiservices } from "#pkg/api/types/apiregistration-v1.ts";
import { until } from "#pkg/async/index.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { DefinitionTable } from "../registry/resource-table.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { LocalServices } from "./local-services.ts";

const SOON = { timeoutMs: 15_000, intervalMs: 5 };
const MANAGED = "kube-aggregator.kubernetes.io/automanaged";

describe("LocalServices", () => {
  let test: TestServer;
  let client: Client;
  let table: DefinitionTable;
  let running: Promise<void>;
  const stop = new AbortController();
  before(async () => {
    test = await startTestServer();
    client = createClient(test.transport);
    table = new DefinitionTable(builtinDefinitions());
    running = new LocalServices({
      reader: test.server.reader,
      resources: table,
      client,
      log: createLogger("silent"),
      now: Date.now,
      frontProxyTls: () => ({ cert: "", key: "" }),
    }).start(stop.signal);
  });
  after(async () => {
    stop.abort();
    await running;
    await test.close();
  });

  const find = async (name: string): Promise<APIService | undefined> =>
    client.get(apiservices, { name }).catch((err: unknown) => {
      if (isNotFound(err)) return undefined;
      throw err;
    });
  const thing = {
    ...builtinDefinitions()[0],
    group: "example.com",
    version: "v1",
    plural: "things",
  } as ResourceDefinition;

  it("registers a CRD's group version, gives it back when it is deleted, and ends it with the CRD", async () => {
    table.set("things", [thing]);
    const made = await until(() => find("v1.example.com"), SOON);
    assert.equal(made.metadata.labels?.[MANAGED], "true");
    assert.deepEqual([made.spec.groupPriorityMinimum, made.spec.versionPriority], [1000, 100]);
    await client.delete(apiservices, { name: "v1.example.com" });
    const again = await until(() => find("v1.example.com"), SOON);
    assert.notEqual(again.metadata.uid, made.metadata.uid);
    await client.update(apiservices, { ...again, spec: { ...again.spec, versionPriority: 7 } });
    await until(async () => (await find("v1.example.com"))?.spec.versionPriority === 100, SOON);
    table.remove("things");
    await until(async () => (await find("v1.example.com")) === undefined, SOON);
  });

  it("leaves built-in ones to the administrator once they were made, and what somebody else made", async () => {
    const apps = await until(() => find("v1.apps"), SOON);
    await client.update(apiservices, { ...apps, spec: { ...apps.spec, versionPriority: 7 } });
    const own = { group: "other.example.com", version: "v1", groupPriorityMinimum: 5, versionPriority: 5 };
    await client.create(apiservices, { metadata: { name: "v1.other.example.com" }, spec: own });
    table.set("others", [{ ...thing, group: own.group }]);
    table.set("things", [thing]);
    await until(() => find("v1.example.com"), SOON);
    assert.equal((await find("v1.apps"))?.spec.versionPriority, 7);
    assert.equal((await find("v1.other.example.com"))?.spec.versionPriority, 5);
    table.remove("others");
    table.remove("things");
    await until(async () => (await find("v1.example.com")) === undefined, SOON);
    assert.ok(await find("v1.other.example.com"));
  });
});
