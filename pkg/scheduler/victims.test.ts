import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { TestCluster, testNode, testPod } from "./testing.ts";
import { lessHarm, selectVictims } from "./victims.ts";

const withPriority = (name: string, priority: number, cpu: string, labels: Record<string, string> = {}): Pod =>
  testPod(name, { requests: { cpu }, labels, spec: { priority } });

function victimsOf(
  cluster: TestCluster,
  pod: Pod,
  nodeName: string,
  budgets: Parameters<typeof selectVictims>[4] = [],
) {
  const info = cluster.builder.build(pod);
  const selection = cluster.selector.select(info);
  assert.ok("filters" in selection);
  const node = cluster.cache.node(nodeName);
  assert.ok(node !== undefined);
  const victims = selectVictims(info, node, selection.filters, cluster.nominator, budgets);
  return "pods" in victims ? { ...victims, names: victims.pods.map(({ pod: p }) => p.metadata.name) } : victims;
}

describe("selectVictims", () => {
  it("ends as few and as unimportant pods as possible", () => {
    const cluster = new TestCluster([testNode("a")]);
    cluster.bind(withPriority("one", 1, "1"), "a");
    cluster.bind(withPriority("two", 2, "1"), "a");
    cluster.bind(withPriority("three", 3, "1"), "a");
    cluster.bind(withPriority("nine", 9, "1"), "a");
    const victims = victimsOf(cluster, withPriority("p", 5, "2"), "a");
    assert.ok("names" in victims);
    assert.deepEqual(victims.names, ["two", "one"]);
    assert.deepEqual(victimsOf(cluster, withPriority("p", 5, "4"), "a"), {
      reasons: ["Insufficient cpu"],
      unresolvable: false,
    });
    assert.deepEqual(victimsOf(cluster, withPriority("p", 1, "2"), "a"), {
      reasons: ["No preemption victims found for incoming pod"],
      unresolvable: true,
    });
  });

  it("spares pods that a budget protects where others do as well", () => {
    const cluster = new TestCluster([testNode("a")]);
    cluster.bind(withPriority("kept", 1, "2", { app: "kept" }), "a");
    cluster.bind(withPriority("other", 2, "2"), "a");
    const budget = {
      metadata: { name: "b", namespace: "default", uid: "b", resourceVersion: "1", creationTimestamp: "" },
      spec: { selector: { matchLabels: { app: "kept" } } },
      status: { disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 },
    };
    const victims = victimsOf(cluster, withPriority("p", 5, "2"), "a", [budget]);
    assert.ok("names" in victims);
    assert.deepEqual(victims.names, ["other"]);
    assert.equal(victims.violations, 0);
  });

  it("leaves filters that count pods as they were", () => {
    const cluster = new TestCluster([testNode("a"), testNode("b")]);
    const term = { topologyKey: "kubernetes.io/hostname", labelSelector: { matchLabels: { app: "x" } } };
    const affinity = { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } };
    cluster.bind(withPriority("x1", 1, "1", { app: "x" }), "a");
    cluster.bind(withPriority("x2", 2, "1", { app: "x" }), "b");
    const info = cluster.builder.build(testPod("p", { spec: { priority: 5, affinity } }));
    const selection = cluster.selector.select(info);
    assert.ok("filters" in selection);
    const found = ["a", "b", "a"].map((name) => {
      const node = cluster.cache.node(name);
      assert.ok(node !== undefined);
      const victims = selectVictims(info, node, selection.filters, cluster.nominator, []);
      assert.ok("pods" in victims);
      return victims;
    });
    assert.deepEqual(
      found.map(({ pods: [first] }) => first?.pod.metadata.name),
      ["x1", "x2", "x1"],
    );
    const [a, b] = found;
    assert.ok(a !== undefined && b !== undefined);
    assert.equal(lessHarm(b, a), a);
  });
});
