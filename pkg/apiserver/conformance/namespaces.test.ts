// The statements "Namespaces should …".
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Namespace, namespaces, pods, services } from "#pkg/api/types/core-v1.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { MERGE, podSpec, startCluster } from "./testing.ts";

const FAKE = "e2e.example.com/fakeFinalizer";
const CONTROLLERS = ["namespace-controller", "serviceaccount-controller"];

const gone = async (get: Promise<unknown>): Promise<boolean> =>
  get.then(
    () => false,
    (err: unknown) => isNotFound(err),
  );

describe("Namespaces", { concurrency: true }, () => {
  it("take a finalizer and give it back", async (t) => {
    const { client, send, eventually } = await startCluster(t, CONTROLLERS);
    const made = await client.create(namespaces, { metadata: { name: "fin" }, spec: {} });
    assert.deepEqual(made.spec?.finalizers, ["kubernetes"]);
    const finalize = async (finalizers: string[]): Promise<Namespace> => {
      const { spec: _, ...rest } = await client.get(namespaces, { name: "fin" });
      await send("PUT", "/api/v1/namespaces/fin/finalize", { ...rest, spec: { finalizers } });
      return client.get(namespaces, { name: "fin" });
    };
    assert.deepEqual((await finalize(["kubernetes", FAKE])).spec?.finalizers, ["kubernetes", FAKE]);
    // An ordinary write does not touch them.
    const written = await client.update(namespaces, { ...made, metadata: { ...made.metadata, resourceVersion: "" } });
    assert.deepEqual(written.spec?.finalizers, ["kubernetes", FAKE]);
    assert.deepEqual((await finalize(["kubernetes"])).spec?.finalizers, ["kubernetes"]);
    await client.delete(namespaces, { name: "fin" });
    await eventually("its end", () => gone(client.get(namespaces, { name: "fin" })));
  });

  it("are updated", async (t) => {
    const { client } = await startCluster(t);
    const made = await client.create(namespaces, { metadata: { name: "upd" }, spec: {} });
    const labels = { ...made.metadata.labels, "updated-by": "test" };
    const updated = await client.update(namespaces, { ...made, metadata: { ...made.metadata, labels } });
    assert.deepEqual(updated.metadata.labels, { "kubernetes.io/metadata.name": "upd", "updated-by": "test" });
    assert.deepEqual((await client.get(namespaces, { name: "upd" })).metadata.labels, updated.metadata.labels);
  });

  it("are patched", async (t) => {
    const { client, send } = await startCluster(t);
    await client.create(namespaces, { metadata: { name: "pat" }, spec: {} });
    const patch = { metadata: { labels: { testLabel: "testValue" } } };
    await client.patch(namespaces, { name: "pat" }, "application/strategic-merge-patch+json", patch);
    assert.equal((await client.get(namespaces, { name: "pat" })).metadata.labels?.["testLabel"], "testValue");
    const condition = { type: "Patched", status: "True", reason: "E2E", message: "from a test" };
    await client.patch(namespaces, { name: "pat" }, MERGE, { status: { conditions: [condition] } } as never, {
      subresource: "status",
    });
    const { status } = await send("GET", "/api/v1/namespaces/pat/status");
    assert.equal(status.phase, "Active");
    assert.equal(status.conditions[0].type, "Patched");
  });

  for (const [what, resource, spec] of [
    ["pods", pods, podSpec()],
    ["services", services, { selector: { a: "b" }, ports: [{ port: 80 }] }],
  ] as const)
    it(`lose their ${what} when they are deleted, and have none when they are made again`, async (t) => {
      const { client, eventually } = await startCluster(t, CONTROLLERS);
      const remake = async (): Promise<void> => {
        await client.create(namespaces, { metadata: { name: "del" }, spec: {} });
        const path = "/api/v1/namespaces/del/serviceaccounts/default";
        await eventually("its default account", () => client.raw({ method: "GET", path }));
      };
      await remake();
      for (const name of ["one", "two"])
        await client.create<unknown>(resource, { metadata: { namespace: "del", name }, spec } as never);
      await client.delete(namespaces, { name: "del" });
      await eventually("its end", () => gone(client.get(namespaces, { name: "del" })));
      await remake();
      assert.deepEqual((await client.list<unknown>(resource, { namespace: "del" })).items, []);
    });
});
