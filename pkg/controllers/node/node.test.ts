import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { leases } from "#pkg/api/types/coordination-v1.ts";
import { events, nodes, type Pod, pods, type Toleration } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { startControllers } from "../testing.ts";
import { CidrSet } from "./cidr-set.ts";
import { evictionTime } from "./tolerations.ts";

const READY = { type: "Ready", status: "True", reason: "KubeletReady", lastTransitionTime: "2026-01-01T00:00:00Z" };

async function makeNode(client: Client, name: string, podCIDR?: string): Promise<void> {
  const spec = podCIDR === undefined ? {} : { podCIDR, podCIDRs: [podCIDR] };
  await client.create(nodes, { metadata: { name }, spec });
  await becomeReady(client, name);
}

async function becomeReady(client: Client, name: string, at = Date.now()): Promise<void> {
  const patch = { status: { conditions: [{ ...READY, lastHeartbeatTime: new Date(at).toISOString() }] } };
  await client.patch(nodes, { name }, "application/strategic-merge-patch+json", patch, { subresource: "status" });
}

async function makePod(client: Client, name: string, nodeName: string, tolerations: Toleration[] = []): Promise<Pod> {
  const pod = await client.create(pods, {
    metadata: { name, namespace: "default" },
    spec: { nodeName, tolerations, containers: [{ name: "c", image: "busybox" }] },
  });
  return await client.updateStatus(pods, { ...pod, status: { phase: "Running", conditions: [READY] } });
}

async function isGone(client: Client, name: string): Promise<boolean> {
  try {
    const pod = await client.get(pods, { namespace: "default", name });
    return pod.metadata.deletionTimestamp !== undefined;
  } catch (err) {
    return isNotFound(err);
  }
}

describe("node controllers", { concurrency: true }, () => {
  it("mark a silent node Unknown, taint it, mark its pods not ready and evict them", async (t) => {
    let skewMs = 0;
    let looks = 0;
    const { client, eventually } = await startControllers(
      t,
      ["node-lifecycle-controller", "taint-eviction-controller"],
      { now: () => Date.now() + skewMs + 0 * looks++, nodeLifecycle: { monitorPeriodMs: 10 } },
    );
    await makeNode(client, "dead");
    await makeNode(client, "alive");
    let lease = await client.create(leases, {
      metadata: { namespace: "kube-node-lease", name: "alive" },
      spec: { holderIdentity: "alive", renewTime: "2026-01-01T00:00:00.000000Z" },
    });
    const unreachable = { key: "node.kubernetes.io/unreachable", effect: "NoExecute", operator: "Exists" };
    await makePod(client, "goes", "dead", [{ ...unreachable, tolerationSeconds: 0 }]);
    await makePod(client, "stays", "dead", [unreachable]);
    await eventually("both nodes known", async () => {
      const told = (await client.list(events, { namespace: "default" })).items;
      return told.filter((e) => e.reason === "RegisteredNode").length === 2;
    });
    // Time goes on in steps: one node renews its lease at each, and the other, whenever it was last seen, falls silent.
    for (const seconds of [12, 24, 36, 48, 60]) {
      skewMs = seconds * 1000;
      lease = await client.update(leases, {
        ...lease,
        spec: { ...lease.spec, renewTime: `2026-01-01T00:00:${String(seconds % 60).padStart(2, "0")}.000000Z` },
      });
      const before = looks;
      await eventually("a few looks", async () => looks > before + 20);
    }
    const dead = await eventually("taints", async () => {
      const node = await client.get(nodes, { name: "dead" });
      return node.spec.taints?.length === 2 && node;
    });
    const ready = dead.status?.conditions?.find((c) => c.type === "Ready");
    assert.deepEqual([ready?.status, ready?.reason], ["Unknown", "NodeStatusUnknown"]);
    assert.deepEqual(dead.spec.taints?.map((taint) => `${taint.key}:${taint.effect}`).toSorted(), [
      "node.kubernetes.io/unreachable:NoExecute",
      "node.kubernetes.io/unreachable:NoSchedule",
    ]);
    await eventually("the eviction", () => isGone(client, "goes"));
    await eventually("a pod that is not ready", async () => {
      const { status } = await client.get(pods, { namespace: "default", name: "stays" });
      return status?.conditions?.some((c) => c.type === "Ready" && c.status === "False");
    });
    assert.equal(await isGone(client, "stays"), false);
    // Its kubelet is back.
    await becomeReady(client, "dead", Date.now() + skewMs);
    await eventually(
      "no taints",
      async () => ((await client.get(nodes, { name: "dead" })).spec.taints ?? []).length === 0,
    );
    assert.deepEqual((await client.get(nodes, { name: "alive" })).spec.taints ?? [], []);
  });

  it("give nodes pod CIDRs around those that nodes have already", async (t) => {
    const { client, eventually } = await startControllers(t, ["node-ipam-controller"], {
      nodeIpam: { clusterCidrs: ["10.42.0.0/22", "fd00::/62"] },
    });
    await makeNode(client, "old", "10.42.1.0/24");
    for (const name of ["a", "b"]) await makeNode(client, name);
    const given = async (name: string): Promise<readonly string[]> =>
      (await client.get(nodes, { name })).spec.podCIDRs ?? [];
    await eventually("pod CIDRs", async () => {
      const all = [await given("a"), await given("b")];
      assert.ok(all.every((cidrs) => !cidrs.includes("10.42.1.0/24")));
      return all.every((cidrs) => cidrs.length === 2) && new Set(all.map((c) => c[0])).size === 2;
    });
    assert.match((await given("a")).join(), /^10\.42\.[0-3]\.0\/24,fd00:.*::\/64$|^10\.42\.[0-3]\.0\/24,fd00::\/64$/);
  });

  it("remove pods of nodes that are gone and unscheduled pods that end", async (t) => {
    const { client, eventually } = await startControllers(t, ["pod-garbage-collector-controller"], {
      podGc: { intervalMs: 10, quarantineMs: 20 },
    });
    await makeNode(client, "here");
    await makePod(client, "kept", "here");
    await makePod(client, "orphan", "nowhere");
    await eventually("the orphan's end", () => isGone(client, "orphan"));
    assert.equal(await isGone(client, "kept"), false);
  });
});

describe("evictionTime", () => {
  const taint = { key: "k", effect: "NoExecute", timeAdded: "1970-01-01T00:00:10Z" };
  const pod = (...tolerations: Toleration[]): Pod =>
    ({ metadata: {}, spec: { containers: [], tolerations } }) as unknown as Pod;

  it("is now without a toleration, never with an endless one, and counts from the taint else", () => {
    assert.equal(evictionTime(pod(), [taint], 15_000), 15_000);
    assert.equal(evictionTime(pod({ operator: "Exists" }), [taint], 15_000), undefined);
    const limited = { key: "k", operator: "Exists", tolerationSeconds: 30 };
    assert.equal(evictionTime(pod(limited), [taint], 15_000), 40_000);
    assert.equal(evictionTime(pod({ key: "other", operator: "Exists" }), [taint], 15_000), 15_000);
  });
});

describe("CidrSet", () => {
  it("hands out each part once and takes back", () => {
    const set = new CidrSet("10.0.0.0/23", 24);
    assert.deepEqual([set.allocate(), set.allocate(), set.allocate()], ["10.0.0.0/24", "10.0.1.0/24", undefined]);
    set.release("10.0.0.0/24");
    assert.equal(set.allocate(), "10.0.0.0/24");
    assert.equal(set.occupy("10.9.0.0/24"), false);
  });

  it("writes IPv6 as Go does", () => {
    const set = new CidrSet("2001:cafe:42::/56", 64);
    assert.deepEqual([set.allocate(), set.allocate()], ["2001:cafe:42::/64", "2001:cafe:42:1::/64"]);
    assert.equal(set.occupy("2001:cafe:42:ff::/64"), true);
  });
});
