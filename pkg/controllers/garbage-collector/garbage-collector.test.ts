import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ConfigMap, configmaps } from "#pkg/api/types/core-v1.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { type ControllerTest, startControllers } from "../testing.ts";

const at = (name: string) => ({ namespace: "default", name });
const owner = (object: ConfigMap, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  name: object.metadata.name,
  uid: object.metadata.uid,
  ...more,
});
const make = (client: Client, name: string, ...ownerReferences: OwnerReference[]): Promise<ConfigMap> =>
  client.create(configmaps, { metadata: { ...at(name), ownerReferences } });

const left = async ({ client }: ControllerTest): Promise<string> =>
  (await client.list(configmaps, { namespace: "default" })).items.map((c) => c.metadata.name).join();

describe("GarbageCollector", { concurrency: true }, () => {
  it("deletes dependents, and theirs, after their owner in the background", async (t) => {
    const test = await startControllers(t, ["garbage-collector-controller"]);
    const a = await make(test.client, "a");
    const b = await make(test.client, "b", owner(a));
    await make(test.client, "c", owner(b));
    const other = await make(test.client, "other");
    await make(test.client, "shared", owner(a), owner(other));
    await test.client.delete(configmaps, at("a"), { propagationPolicy: "Background" });
    await test.eventually("the cascade", async () => (await left(test)) === "other,shared");
    await test.eventually("the dangling owner's end", async () => {
      const { metadata } = await test.client.get(configmaps, at("shared"));
      return metadata.ownerReferences?.length === 1 && metadata.ownerReferences[0]?.uid === other.metadata.uid;
    });
  });

  it("deletes what names an owner that never was, or another of its name", async (t) => {
    const test = await startControllers(t, ["garbage-collector-controller"]);
    const real = await make(test.client, "real");
    await make(test.client, "absent", { apiVersion: "v1", kind: "ConfigMap", name: "nobody", uid: "0-0" });
    await make(test.client, "impostor", owner(real, { uid: "1-1" }));
    await make(test.client, "child", owner(real));
    await test.eventually("their end", async () => (await left(test)) === "child,real");
  });

  it("keeps the owner of a foreground deletion until its blocking dependents are gone", async (t) => {
    const test = await startControllers(t, ["garbage-collector-controller"]);
    const { client } = test;
    const a = await make(client, "a");
    const blocking = await client.create(configmaps, {
      metadata: {
        ...at("blocking"),
        finalizers: ["example.com/f"],
        ownerReferences: [owner(a, { blockOwnerDeletion: true })],
      },
    });
    await client.delete(configmaps, at("a"), { propagationPolicy: "Foreground" });
    await test.eventually("the dependent's deletion", async () => {
      const { metadata } = await client.get(configmaps, at("blocking"));
      return metadata.deletionTimestamp !== undefined;
    });
    assert.deepEqual((await client.get(configmaps, at("a"))).metadata.finalizers, ["foregroundDeletion"]);
    await client.patch(configmaps, at(blocking.metadata.name), "application/merge-patch+json", {
      metadata: { finalizers: null },
    });
    await test.eventually("both gone", async () => (await left(test)) === "");
  });

  it("lets dependents live without their owner when they are orphaned", async (t) => {
    const test = await startControllers(t, ["garbage-collector-controller"]);
    const a = await make(test.client, "a");
    await make(test.client, "b", owner(a));
    // The graph must know the dependent before the owner's last breath.
    await make(test.client, "probe", { apiVersion: "v1", kind: "ConfigMap", name: "nobody", uid: "0-0" });
    await test.eventually("a running collector", async () => (await left(test)) === "a,b");
    await test.client.delete(configmaps, at("a"), { propagationPolicy: "Orphan" });
    await test.eventually("the owner's end", async () => (await left(test)) === "b");
    assert.equal((await test.client.get(configmaps, at("b"))).metadata.ownerReferences, undefined);
  });
});
