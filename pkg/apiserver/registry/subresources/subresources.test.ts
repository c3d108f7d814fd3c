import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { deployments } from "#pkg/api/types/apps-v1.ts";
import type { Scale } from "#pkg/api/types/autoscaling-v1.ts";
import { namespaces, type Namespace, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { poddisruptionbudgets, type PodDisruptionBudget } from "#pkg/api/types/policy-v1.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { isConflict, isNotFound, isTooManyRequests } from "#pkg/errors/index.ts";
import { startTestServer, type TestServer } from "../../testing.ts";

const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };

describe("subresources", () => {
  let test: TestServer;
  let client: Client;
  before(async () => {
    test = await startTestServer();
    client = createClient(test.transport);
  });
  after(() => test.close());
  const makePod = (name: string): Promise<Pod> =>
    client.create(pods, {
      metadata: { name, namespace: "d", labels: { app: "a" } },
      spec: template.spec,
    } as unknown as Pod);

  it("binding puts a pod on a node once", async () => {
    await makePod("p");
    const at = { namespace: "d", name: "p" };
    const binding = (node: string) => ({ metadata: { name: "p" }, target: { kind: "Node", name: node } });
    await client.createSub(pods, at, "binding", binding("n1"));
    const bound = await client.get(pods, at);
    assert.equal(bound.spec?.nodeName, "n1");
    assert.ok(bound.status?.conditions?.some((each) => each.type === "PodScheduled" && each.status === "True"));
    await assert.rejects(client.createSub(pods, at, "binding", binding("n2")), isConflict);
  });

  it("names of what every JavaScript object has are no subresources", async () => {
    for (const name of ["constructor", "__proto__", "toString"])
      for (const method of ["GET", "POST", "PUT"] as const)
        await assert.rejects(client.raw({ method, path: `/api/v1/namespaces/d/pods/p/${name}`, body: {} }), isNotFound);
  });

  it("scale reads and writes the replicas of a deployment", async () => {
    await client.create(deployments, {
      metadata: { name: "w", namespace: "d" },
      spec: { replicas: 2, selector: { matchLabels: { app: "a" } }, template },
    } as never);
    const path = "/apis/apps/v1/namespaces/d/deployments/w/scale";
    const scale = (await client.raw({ method: "GET", path })) as Scale;
    assert.equal(scale.spec?.replicas, 2);
    assert.equal(scale.status?.selector, "app=a");
    await client.raw({ method: "PUT", path, body: { ...scale, spec: { replicas: 5 } } });
    const now = await client.get(deployments, { namespace: "d", name: "w" });
    assert.equal(now.spec?.replicas, 5);
    assert.equal(now.metadata.generation, 2);
    await assert.rejects(client.raw({ method: "PUT", path, body: scale }), isConflict);
    const other = { ...scale, metadata: { name: "other" } };
    await assert.rejects(client.raw({ method: "PUT", path, body: other }), /does not match the name on the URL \(w\)/);
    await client.raw({
      method: "PATCH",
      path,
      contentType: "application/merge-patch+json",
      body: { spec: { replicas: 1 } },
    });
    assert.equal((await client.get(deployments, { namespace: "d", name: "w" })).spec?.replicas, 1);
  });

  it("eviction spends the disruption budget", async () => {
    const running = await makePod("e");
    await client.updateStatus(pods, {
      ...running,
      status: { phase: "Running", conditions: [{ type: "Ready", status: "True" }] },
    } as Pod);
    const budget = await client.create(poddisruptionbudgets, {
      metadata: { name: "b", namespace: "d" },
      spec: { minAvailable: 1, selector: { matchLabels: { app: "a" } } },
    } as unknown as PodDisruptionBudget);
    const status = {
      disruptionsAllowed: 0,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
      observedGeneration: budget.metadata.generation ?? 0,
    };
    const full = await client.updateStatus(poddisruptionbudgets, { ...budget, status } as PodDisruptionBudget);
    const evict = () =>
      client.createSub(pods, { namespace: "d", name: "e" }, "eviction", {
        metadata: { name: "e" },
        deleteOptions: { gracePeriodSeconds: 0 },
      });
    await assert.rejects(evict(), isTooManyRequests);
    await client.updateStatus(poddisruptionbudgets, {
      ...full,
      status: { ...status, disruptionsAllowed: 1 },
    } as PodDisruptionBudget);
    await evict();
    await assert.rejects(client.get(pods, { namespace: "d", name: "e" }), isNotFound);
    const spent = await client.get(poddisruptionbudgets, { namespace: "d", name: "b" });
    assert.equal(spent.status?.disruptionsAllowed, 0);
  });

  it("a namespace goes when its spec.finalizers are taken away", async () => {
    await client.create(namespaces, { metadata: { name: "gone" } } as Namespace);
    await client.delete(namespaces, { name: "gone" });
    const going = await client.get(namespaces, { name: "gone" });
    assert.equal(going.status?.phase, "Terminating");
    assert.deepEqual(going.spec?.finalizers, ["kubernetes"]);
    await client.update(namespaces, { ...going, spec: { finalizers: [] } } as Namespace, { subresource: "finalize" });
    await assert.rejects(client.get(namespaces, { name: "gone" }), isNotFound);
  });

  it("a pod is held for its grace period and removed with none", async () => {
    const pod = await makePod("g");
    await client.createSub(pods, { namespace: "d", name: "g" }, "binding", {
      metadata: { name: "g" },
      target: { name: "n" },
    });
    await client.delete(pods, { namespace: "d", name: "g" });
    const held = await client.get(pods, { namespace: "d", name: "g" });
    assert.equal(held.metadata.deletionGracePeriodSeconds, 30);
    await client.delete(
      pods,
      { namespace: "d", name: "g" },
      { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } },
    );
    await assert.rejects(client.get(pods, { namespace: "d", name: "g" }), isNotFound);
  });
});
