import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { controllerrevisions, daemonsets } from "#pkg/api/types/apps-v1.ts";
import { nodes, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { startControllers } from "../testing.ts";
import { targetNode } from "./node-fit.ts";

const AGENT = { namespace: "default", name: "agent" };
const node = (client: Client, name: string, labels: Record<string, string> = {}, taint?: string) =>
  client.create(nodes, {
    metadata: { name, labels },
    spec: taint === undefined ? {} : { taints: [{ key: taint, effect: "NoSchedule" }] },
  });
const alive = async (client: Client): Promise<readonly Pod[]> =>
  (await client.list(pods, { namespace: "default" })).items.filter((p) => p.metadata.deletionTimestamp === undefined);
const placed = async (client: Client): Promise<string> =>
  (await alive(client))
    .map((pod) => targetNode(pod) ?? "")
    .toSorted()
    .join();

describe("DaemonSetController", () => {
  it("puts one pod on each fitting node, follows nodes, and rolls out node by node", async (t) => {
    const { client, eventually } = await startControllers(t, ["daemonset-controller"]);
    await node(client, "a", { os: "linux" });
    await node(client, "b", { os: "linux" }, "node.kubernetes.io/unschedulable");
    await node(client, "tainted", { os: "linux" }, "example.com/dedicated");
    await node(client, "other");
    const template = (image: string) => ({
      metadata: { labels: { app: "agent" } } as never,
      spec: { nodeSelector: { os: "linux" }, containers: [{ name: "c", image }] },
    });
    await client.create(daemonsets, {
      metadata: AGENT,
      spec: { selector: { matchLabels: { app: "agent" } }, template: template("v1") },
    });
    await eventually("pods on a and b", async () => (await placed(client)) === "a,b");
    const status = await eventually("status", async () => {
      const { status: s } = await client.get(daemonsets, AGENT);
      return s?.desiredNumberScheduled === 2 && s.currentNumberScheduled === 2 && s;
    });
    assert.equal(status.updatedNumberScheduled, 2);
    await node(client, "c", { os: "linux" });
    await eventually("a pod on c", async () => (await placed(client)) === "a,b,c");
    await client.patch(nodes, { name: "c" }, "application/merge-patch+json", { metadata: { labels: { os: null } } });
    await eventually("none on c", async () => (await placed(client)) === "a,b");

    for (const pod of await alive(client)) {
      const ready = { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" };
      await client.updateStatus(pods, { ...pod, status: { phase: "Running", conditions: [ready] } });
    }
    await eventually("2 available", async () => (await client.get(daemonsets, AGENT)).status?.numberAvailable === 2);
    await client.patch(daemonsets, AGENT, "application/merge-patch+json", { spec: { template: template("v2") } });
    // One may be unavailable: the second waits for the first, which never gets ready here.
    await eventually("one new pod", async () => {
      const images = (await alive(client)).map((pod) => pod.spec.containers[0]?.image ?? "").toSorted();
      return images.join() === "v1,v2";
    });
    const revisions = (await client.list(controllerrevisions, { namespace: "default" })).items;
    assert.deepEqual(new Set(revisions.map((r) => r.revision)), new Set([1, 2]));
  });
});
