import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replicasets } from "#pkg/api/types/apps-v1.ts";
import { pods } from "#pkg/api/types/core-v1.ts";
import { poddisruptionbudgets } from "#pkg/api/types/policy-v1.ts";
import { clusterroles } from "#pkg/api/types/rbac-v1.ts";
import { startControllers } from "../testing.ts";

describe("DisruptionController", () => {
  it("allows as many disruptions as healthy pods exceed the wanted number", async (t) => {
    const { client, eventually } = await startControllers(t, ["disruption-controller", "replicaset-controller"]);
    await client.create(replicasets, {
      metadata: { name: "web", namespace: "default" },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } } as never,
          spec: { containers: [{ name: "c", image: "busybox" }] },
        },
      },
    });
    const at = { namespace: "default", name: "web" };
    await client.create(poddisruptionbudgets, {
      metadata: at,
      spec: { maxUnavailable: 1, selector: { matchLabels: { app: "web" } } },
    });
    const all = await eventually("3 pods", async () => {
      const { items } = await client.list(pods, { namespace: "default" });
      return items.length === 3 && items;
    });
    const status = await eventually("none allowed", async () => {
      const budget = await client.get(poddisruptionbudgets, at);
      return budget.status?.expectedPods === 3 && budget.status;
    });
    assert.deepEqual([status.desiredHealthy, status.currentHealthy, status.disruptionsAllowed], [2, 0, 0]);
    for (const pod of all) {
      const patch = { status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] } };
      const where = { namespace: "default", name: pod.metadata.name };
      await client.patch(pods, where, "application/merge-patch+json", patch, { subresource: "status" });
    }
    await eventually("one allowed", async () => {
      const budget = await client.get(poddisruptionbudgets, at);
      const [condition] = budget.status?.conditions ?? [];
      return budget.status?.disruptionsAllowed === 1 && condition?.reason === "SufficientPods";
    });
  });

  it("takes back that a pod is going when it stays", async (t) => {
    const { client, eventually } = await startControllers(t, ["disruption-controller"], {
      // What was said a moment ago is long past.
      now: () => Date.now() + 180_000,
    });
    const at = { namespace: "default", name: "p" };
    await client.create(pods, {
      metadata: at,
      spec: { nodeName: "n", containers: [{ name: "c", image: "i" }] },
    } as never);
    const conditions = [{ type: "DisruptionTarget", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" }];
    const patch = { status: { phase: "Running", conditions } };
    await client.patch(pods, at, "application/merge-patch+json", patch, { subresource: "status" });
    await eventually("the other word", async () => {
      const [condition] = (await client.get(pods, at)).status?.conditions ?? [];
      return condition?.type === "DisruptionTarget" && condition.status === "False";
    });
  });
});

describe("ClusterRoleAggregationController", () => {
  it("fills aggregated roles and follows what they select", async (t) => {
    const { client, eventually } = await startControllers(t, ["clusterrole-aggregation-controller"]);
    const part = (name: string, resource: string) =>
      client.create(clusterroles, {
        metadata: { name, labels: { part: "yes" } },
        rules: [{ apiGroups: [""], resources: [resource], verbs: ["get"] }],
      });
    await part("b", "pods");
    await client.create(clusterroles, {
      metadata: { name: "whole" },
      rules: [],
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part: "yes" } }] },
    });
    const resources = async (): Promise<string | undefined> =>
      (await client.get(clusterroles, { name: "whole" })).rules?.flatMap((rule) => rule.resources ?? []).join();
    await eventually("one rule", async () => (await resources()) === "pods");
    await part("a", "nodes");
    await eventually("two rules", async () => (await resources()) === "nodes,pods");
    await client.delete(clusterroles, { name: "b" });
    await eventually("one left", async () => (await resources()) === "nodes");
  });
});
