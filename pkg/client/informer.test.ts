import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { type ConfigMap, configmaps } from "#pkg/api/types/core-v1.ts";
import { expired, notFound } from "#pkg/errors/index.ts";
import { createLogger, type Logger } from "#pkg/log/index.ts";
import { createClient } from "./client.ts";
import { InformerFactory } from "./informer-factory.ts";
import { ScriptedTransport } from "./testing.ts";

const configMap = (name: string, resourceVersion: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { name, namespace: "a", resourceVersion, uid: `uid-${name}`, creationTimestamp: "" },
  data,
});

function setup(lists: { readonly items: readonly ConfigMap[]; readonly resourceVersion: string }[]) {
  const transport = new ScriptedTransport(() => {
    const list = lists.shift();
    if (list === undefined) throw new Error("no more lists");
    return { metadata: { resourceVersion: list.resourceVersion }, items: list.items };
  });
  const warnings: string[] = [];
  const log: Logger = { ...createLogger("silent"), warn: (event) => void warnings.push(event), child: () => log };
  const factory = new InformerFactory({ client: createClient(transport), log });
  const informer = factory.informer(configmaps);
  const seen: string[] = [];
  informer.addHandler({
    add: (object) => seen.push(`add ${object.metadata.name}`),
    update: (object, before) => seen.push(`update ${before.data?.["k"]} to ${object.data?.["k"]}`),
    delete: (object) => seen.push(`delete ${object.metadata.name}`),
  });
  const stop = new AbortController();
  const running = factory.start(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  const watch = (n: number) => until(() => transport.watches[n], { timeoutMs: 15_000, intervalMs: 1 });
  return { transport, factory, informer, seen, stop, end, watch, warnings };
}

describe("SharedInformer", () => {
  it("keeps no managedFields", async () => {
    const owned = (name: string, resourceVersion: string): ConfigMap => {
      const object = configMap(name, resourceVersion);
      return { ...object, metadata: { ...object.metadata, managedFields: [{ manager: "m" }] } };
    };
    const t = setup([{ items: [owned("x", "1")], resourceVersion: "5" }]);
    await t.informer.synced(t.stop.signal);
    (await t.watch(0)).push("ADDED", owned("y", "6"));
    await until(() => t.seen.length === 2, { timeoutMs: 15_000, intervalMs: 1 });
    assert.deepEqual(
      t.informer.lister.list("a").map(({ metadata }) => [metadata.name, metadata.managedFields]),
      [
        ["x", undefined],
        ["y", undefined],
      ],
    );
    await t.end();
  });

  it("lists, then follows the watch, and serves frozen objects by key, namespace and index", async () => {
    const t = setup([{ items: [configMap("x", "1", { k: "1" })], resourceVersion: "5" }]);
    t.informer.addIndex("k", (object) => (object.data?.["k"] === undefined ? [] : [object.data["k"]]));
    await t.informer.synced(t.stop.signal);
    const watch = await t.watch(0);
    assert.equal(watch.request.query?.["resourceVersion"], "5");
    watch.push("ADDED", configMap("y", "6"));
    watch.push("MODIFIED", configMap("x", "7", { k: "2" }));
    watch.push("DELETED", configMap("y", "8"));
    await until(() => t.seen.length === 4, { timeoutMs: 15_000, intervalMs: 1 });
    assert.deepEqual(t.seen, ["add x", "add y", "update 1 to 2", "delete y"]);
    assert.deepEqual(t.informer.lister.byIndex("k", "1"), []);
    const [x] = t.informer.lister.byIndex("k", "2");
    assert.equal(x, t.informer.lister.get({ namespace: "a", name: "x" }));
    assert.equal(t.informer.lister.list("a").length, 1);
    assert.equal(t.informer.lister.list("b").length, 0);
    assert.ok(Object.isFrozen(x?.data));
    await t.end();
  });

  it("resumes an ended watch from the last bookmark without listing again", async () => {
    const t = setup([{ items: [], resourceVersion: "5" }]);
    const first = await t.watch(0);
    first.push("BOOKMARK", { metadata: { resourceVersion: "9" } });
    first.end();
    const second = await t.watch(1);
    assert.equal(second.request.query?.["resourceVersion"], "9");
    assert.equal(t.transport.requests.length, 1);
    await t.end();
  });

  it("lists again when the revision is gone, and tells only what changed", async () => {
    const t = setup([
      { items: [configMap("x", "1"), configMap("y", "2"), configMap("z", "3", { k: "old" })], resourceVersion: "5" },
      { items: [configMap("x", "1"), configMap("z", "7", { k: "new" })], resourceVersion: "8" },
    ]);
    (await t.watch(0)).push("ERROR", expired("too old resource version").toStatus());
    await until(() => t.seen.length === 5, { timeoutMs: 15_000, intervalMs: 1 });
    assert.deepEqual(t.seen.slice(3), ["update old to new", "delete y"]);
    await t.end();
  });

  it("is silent about a kind that is no longer served", async () => {
    const t = setup([{ items: [configMap("x", "1")], resourceVersion: "5" }]);
    (await t.watch(0)).fail(notFound({ group: "", plural: "configmaps" }, "x"));
    await t.watch(1);
    assert.deepEqual(t.warnings, []);
    await t.end();
  });

  it("is one per resource and selection, and gives late handlers what is there", async () => {
    const t = setup([{ items: [configMap("x", "1")], resourceVersion: "5" }]);
    await t.factory.synced(t.stop.signal);
    assert.equal(t.factory.informer(configmaps), t.informer);
    const late: string[] = [];
    t.informer.addHandler({ add: (object) => late.push(object.metadata.name) });
    assert.deepEqual(late, ["x"]);
    await t.end();
  });
});
