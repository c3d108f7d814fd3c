import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statefulsets } from "#pkg/api/types/apps-v1.ts";
import { persistentvolumeclaims, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { startControllers } from "../testing.ts";

const WEB = { namespace: "default", name: "web" };
const READY = { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" };
const list = async (client: Client): Promise<readonly Pod[]> =>
  (await client.list(pods, { namespace: "default" })).items;

async function makeReady(client: Client, name: string): Promise<void> {
  const patch = { status: { phase: "Running", conditions: [READY] } };
  const at = { namespace: "default", name };
  await client.patch(pods, at, "application/merge-patch+json", patch, { subresource: "status" });
}

describe("StatefulSetController", () => {
  it("gives pods lasting names and claims, in order, and updates from the last", async (t) => {
    const { client, eventually } = await startControllers(t, ["statefulset-controller"]);
    const template = (image: string) => ({
      metadata: { labels: { app: "web" } } as never,
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "c", image }] },
    });
    await client.create(statefulsets, {
      metadata: WEB,
      spec: {
        replicas: 2,
        serviceName: "peers",
        selector: { matchLabels: { app: "web" } },
        template: template("v1"),
        volumeClaimTemplates: [
          {
            metadata: { name: "data" } as never,
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
          },
        ],
      },
    });
    const only = await eventually("web-0", async () => {
      const all = await list(client);
      return all.length === 1 && all[0];
    });
    assert.deepEqual([only.metadata.name, only.spec.hostname, only.spec.subdomain], ["web-0", "web-0", "peers"]);
    assert.equal(only.metadata.labels?.["apps.kubernetes.io/pod-index"], "0");
    assert.equal(only.spec.volumes?.find((v) => v.name === "data")?.persistentVolumeClaim?.claimName, "data-web-0");
    await makeReady(client, "web-0");
    await eventually("web-1", async () => (await list(client)).length === 2);
    await makeReady(client, "web-1");
    await eventually("status", async () => {
      const { status } = await client.get(statefulsets, WEB);
      return status?.replicas === 2 && status.readyReplicas === 2 && status.currentRevision === status.updateRevision;
    });
    const claims = (await client.list(persistentvolumeclaims, { namespace: "default" })).items;
    assert.deepEqual(new Set(claims.map((c) => c.metadata.name)), new Set(["data-web-0", "data-web-1"]));

    await client.patch(statefulsets, WEB, "application/merge-patch+json", { spec: { template: template("v2") } });
    const image = async (name: string): Promise<string | undefined> =>
      (await list(client)).find((pod) => pod.metadata.name === name)?.spec.containers[0]?.image;
    await eventually("web-1 anew", async () => (await image("web-1")) === "v2");
    assert.equal(await image("web-0"), "v1");
    await makeReady(client, "web-1");
    await eventually("web-0 anew", async () => (await image("web-0")) === "v2");
    await makeReady(client, "web-0");
    await eventually("the end of the update", async () => {
      const { status } = await client.get(statefulsets, WEB);
      return status?.updatedReplicas === 2 && status.currentRevision === status.updateRevision;
    });
  });
});
