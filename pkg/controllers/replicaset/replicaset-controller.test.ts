import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NewObject } from "#pkg/api/index.ts";
import { type ReplicaSet, replicasets } from "#pkg/api/types/apps-v1.ts";
import { events, type Pod, pods, replicationcontrollers } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { startControllers } from "../testing.ts";

const template = {
  metadata: { labels: { app: "web" } } as never,
  spec: { containers: [{ name: "c", image: "busybox" }] },
};
const replicaSet = (name: string, replicas: number): NewObject<ReplicaSet> => ({
  metadata: { name, namespace: "default" },
  spec: { replicas, selector: { matchLabels: { app: "web" } }, template },
});
const list = async (client: Client): Promise<readonly Pod[]> =>
  (await client.list(pods, { namespace: "default" })).items;
const alive = async (client: Client): Promise<readonly Pod[]> =>
  (await list(client)).filter((pod) => pod.metadata.deletionTimestamp === undefined);

async function makeReady(client: Client, pod: Pod): Promise<void> {
  await client.updateStatus(pods, {
    ...pod,
    status: {
      phase: "Running",
      podIP: "10.0.0.1",
      conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }],
    },
  });
}

describe("ReplicaSetController", { concurrency: true }, () => {
  it("creates the missing pods, reports them, and deletes the surplus", async (t) => {
    const { client, eventually } = await startControllers(t, ["replicaset-controller"]);
    const rs = await client.create(replicasets, replicaSet("web", 3));
    const made = await eventually("3 pods", async () => {
      const all = await alive(client);
      return all.length === 3 && all;
    });
    assert.match(made[0]?.metadata.name ?? "", /^web-[a-z0-9]{5}$/);
    assert.deepEqual(made[0]?.metadata.ownerReferences, [
      {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        name: "web",
        uid: rs.metadata.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ]);
    for (const pod of made.slice(0, 2)) await makeReady(client, pod);
    await eventually("2 ready of 3", async () => {
      const { status } = await client.get(replicasets, { namespace: "default", name: "web" });
      return status?.replicas === 3 && status.readyReplicas === 2 && status.availableReplicas === 2;
    });
    await client.patch(replicasets, { namespace: "default", name: "web" }, "application/merge-patch+json", {
      spec: { replicas: 2 },
    });
    const left = await eventually("2 pods", async () => {
      const all = await alive(client);
      return all.length === 2 && all;
    });
    // The one that is not ready goes first.
    assert.ok(left.every((pod) => pod.metadata.name !== made[2]?.metadata.name));
    await eventually("events", async () => {
      const told = (await client.list(events, { namespace: "default" })).items;
      const about = (reason: string, text: RegExp): boolean =>
        told.some((e) => e.reason === reason && text.test(e.message ?? "") && e.involvedObject.name === "web");
      return about("SuccessfulCreate", /^Created pod: web-/) && about("SuccessfulDelete", /^Deleted pod: web-/);
    });
  });

  it("adopts matching orphans and releases pods whose labels change", async (t) => {
    const { client, eventually } = await startControllers(t, ["replicaset-controller"]);
    await client.create(pods, {
      ...template,
      metadata: { name: "orphan", namespace: "default", labels: { app: "web" } },
    } as NewObject<Pod>);
    const rs = await client.create(replicasets, replicaSet("web", 2));
    const owner = async (): Promise<string | undefined> =>
      (await client.get(pods, { namespace: "default", name: "orphan" })).metadata.ownerReferences?.[0]?.uid;
    await eventually("adoption", async () => (await owner()) === rs.metadata.uid);
    await eventually("2 pods", async () => (await alive(client)).length === 2);
    await client.patch(pods, { namespace: "default", name: "orphan" }, "application/merge-patch+json", {
      metadata: { labels: { app: "other" } },
    });
    await eventually("release", async () => (await owner()) === undefined);
    await eventually("a replacement", async () => (await alive(client)).length === 3);
  });

  it("serves ReplicationControllers", async (t) => {
    const { client, eventually } = await startControllers(t, ["replicationcontroller-controller"]);
    await client.create(replicationcontrollers, {
      metadata: { name: "rc", namespace: "default" },
      spec: { replicas: 2, selector: { app: "web" }, template },
    });
    const made = await eventually("2 pods", async () => {
      const all = await alive(client);
      return all.length === 2 && all;
    });
    assert.equal(made[0]?.metadata.ownerReferences?.[0]?.kind, "ReplicationController");
    await eventually("status", async () => {
      const rc = await client.get(replicationcontrollers, { namespace: "default", name: "rc" });
      return rc.status?.replicas === 2 && rc.status.fullyLabeledReplicas === 2;
    });
  });
});
