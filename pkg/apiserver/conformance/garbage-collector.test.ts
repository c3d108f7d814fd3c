// The statements "Garbage collector should …", with the controllers that make pods and the one that collects them.
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { deployments, replicasets } from "#pkg/api/types/apps-v1.ts";
import { type Pod, pods, type ReplicationController, replicationcontrollers } from "#pkg/api/types/core-v1.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type Cluster, MERGE, NAMESPACE, podSpec, startCluster, workloadSpec } from "./testing.ts";

const COLLECTOR = "garbage-collector-controller";
const at = (name: string) => ({ namespace: NAMESPACE, name });

async function podsOf({ client }: Cluster, labelSelector?: string): Promise<readonly Pod[]> {
  return (await client.list(pods, { namespace: NAMESPACE, ...(labelSelector && { labelSelector }) })).items;
}

/** A ReplicationController whose pods are all there. */
async function replicated(cluster: Cluster, name: string, replicas: number): Promise<ReplicationController> {
  const made = await cluster.client.create(replicationcontrollers, {
    metadata: at(name),
    spec: workloadSpec(name, replicas, false),
  });
  await cluster.eventually(
    `${replicas} pods of ${name}`,
    async () => (await podsOf(cluster, `app=${name}`)).length === replicas,
  );
  return made;
}

const start = (t: TestContext): Promise<Cluster> =>
  startCluster(t, ["replicationcontroller-controller", "deployment-controller", "replicaset-controller", COLLECTOR]);

const gone = async (get: Promise<unknown>): Promise<boolean> =>
  get.then(
    () => false,
    (err: unknown) => isNotFound(err),
  );

const ownedBy = (owner: { metadata: { name: string; uid: string } }, kind: string): OwnerReference => ({
  apiVersion: "v1",
  kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
});

/** Resolves when the collector has worked through what came before: an object of an owner that never was is deleted. */
async function collected(cluster: Cluster): Promise<void> {
  const nobody = { apiVersion: "v1", kind: "ConfigMap", name: "nobody", uid: "0-0" };
  const metadata = { ...at("probe"), ownerReferences: [nobody] };
  await cluster.client.create(pods, { metadata, spec: podSpec() } as never);
  await cluster.eventually("the collector", () => gone(cluster.client.get(pods, at("probe"))));
}

describe("Garbage collector", { concurrency: true }, () => {
  it("deletes the pods of a ReplicationController that is deleted in the background", async (t) => {
    const cluster = await start(t);
    await replicated(cluster, "rc", 2);
    await cluster.client.delete(replicationcontrollers, at("rc"), { propagationPolicy: "Background" });
    assert.ok(await gone(cluster.client.get(replicationcontrollers, at("rc"))));
    await cluster.eventually("no pods", async () => (await podsOf(cluster)).length === 0);
  });

  it("keeps a ReplicationController that is deleted in the foreground until its last pod is gone", async (t) => {
    const cluster = await start(t);
    const { client, eventually } = cluster;
    await replicated(cluster, "rc", 10);
    const held = (await podsOf(cluster))[0]?.metadata.name ?? "";
    await client.patch(pods, at(held), MERGE, { metadata: { finalizers: ["example.com/held"] } });
    await client.delete(replicationcontrollers, at("rc"), { propagationPolicy: "Foreground" });
    await eventually("one pod left", async () => (await podsOf(cluster)).length === 1);
    const { metadata } = await client.get(replicationcontrollers, at("rc"));
    assert.deepEqual(metadata.finalizers, ["foregroundDeletion"]);
    assert.ok(metadata.deletionTimestamp);
    await client.patch(pods, at(held), MERGE, { metadata: { finalizers: null } });
    await eventually("its end", () => gone(client.get(replicationcontrollers, at("rc"))));
    assert.deepEqual(await podsOf(cluster), []);
  });

  it("is not blocked by pods that own each other in a circle", async (t) => {
    const cluster = await start(t);
    const { client, eventually } = cluster;
    const make = (name: string): Promise<Pod> => client.create(pods, { metadata: at(name), spec: podSpec() } as never);
    const [one, two, three] = [await make("pod1"), await make("pod2"), await make("pod3")];
    for (const [pod, owner] of [
      [one, three],
      [two, one],
      [three, two],
    ] as const) {
      const ownerReferences = [{ ...ownedBy(owner, "Pod"), controller: true, blockOwnerDeletion: true }];
      await client.patch(pods, at(pod.metadata.name), MERGE, { metadata: { ownerReferences } });
    }
    await collected(cluster);
    assert.equal((await podsOf(cluster)).length, 3);
    await client.delete(pods, at("pod1"), { propagationPolicy: "Foreground", gracePeriodSeconds: 0 });
    await eventually("no pods", async () => (await podsOf(cluster)).length === 0);
  });

  it("leaves pods that have another owner when one is deleted in the foreground", async (t) => {
    const cluster = await start(t);
    const { client, eventually } = cluster;
    const doomed = await replicated(cluster, "doomed", 10);
    // It selects nothing of its own: it only is an owner.
    const staying = await client.create(replicationcontrollers, {
      metadata: at("staying"),
      spec: workloadSpec("staying", 0, false),
    });
    const half = (await podsOf(cluster, "app=doomed")).slice(0, 5);
    for (const { metadata } of half) {
      const ownerReferences = [...(metadata.ownerReferences ?? []), ownedBy(staying, "ReplicationController")];
      await client.patch(pods, at(metadata.name), MERGE, { metadata: { ownerReferences } });
    }
    await collected(cluster);
    await client.delete(replicationcontrollers, at("doomed"), { propagationPolicy: "Foreground" });
    await eventually("its end", () => gone(client.get(replicationcontrollers, at("doomed"))));
    await collected(cluster);
    const left = await podsOf(cluster);
    assert.deepEqual(left.map(({ metadata }) => metadata.name).toSorted(), half.map((p) => p.metadata.name).toSorted());
    for (const { metadata } of left) {
      assert.equal(metadata.deletionTimestamp, undefined);
      assert.deepEqual(
        metadata.ownerReferences?.map(({ uid }) => uid),
        [staying.metadata.uid],
        doomed.metadata.uid,
      );
    }
  });

  it("orphans the ReplicaSet of a Deployment, with its pods, when told to", async (t) => {
    const cluster = await start(t);
    const { client, eventually } = cluster;
    await client.create(deployments, { metadata: at("d"), spec: workloadSpec("d", 2) } as never);
    await eventually("its pods", async () => (await podsOf(cluster, "app=d")).length === 2);
    await client.delete(deployments, at("d"), { propagationPolicy: "Orphan" });
    await eventually("its end", () => gone(client.get(deployments, at("d"))));
    await collected(cluster);
    const { items } = await client.list(replicasets, { namespace: NAMESPACE });
    assert.equal(items.length, 1);
    assert.deepEqual(
      [items[0]?.metadata.ownerReferences, items[0]?.metadata.deletionTimestamp],
      [undefined, undefined],
    );
    const left = await podsOf(cluster, "app=d");
    assert.deepEqual(
      left.map(({ metadata }) => metadata.ownerReferences?.[0]?.uid),
      Array.from(left, () => items[0]?.metadata.uid),
    );
    assert.equal(left.length, 2);
  });

  it("orphans the pods of a ReplicationController when told to", async (t) => {
    const cluster = await start(t);
    const { client, eventually } = cluster;
    await replicated(cluster, "rc", 10);
    await client.delete(replicationcontrollers, at("rc"), { propagationPolicy: "Orphan" });
    await eventually("its end", () => gone(client.get(replicationcontrollers, at("rc"))));
    await collected(cluster);
    const left = await podsOf(cluster, "app=rc");
    assert.equal(left.length, 10);
    for (const { metadata } of left)
      assert.deepEqual([metadata.ownerReferences, metadata.deletionTimestamp], [undefined, undefined]);
  });
});
