import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PodSpec } from "#pkg/api/types/core-v1.ts";
import { TestCluster, testNode, testPod } from "./testing.ts";

const affinity = (required: object): Partial<PodSpec> => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [required] } } },
});

describe("NodeSelector", () => {
  it("says in upstream's words why no node fits", () => {
    const cluster = new TestCluster([
      testNode("a", { spec: { unschedulable: true } }),
      testNode("b", { spec: { taints: [{ key: "k", value: "v", effect: "NoSchedule" }] } }),
      testNode("c"),
      testNode("d", { allocatable: { cpu: "1", memory: "1Mi" } }),
    ]);
    assert.equal(
      cluster.place(testPod("p", { requests: { cpu: "5", memory: "1Gi", "example.com/gpu": "1" } })),
      "0/4 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {k: v}, " +
        "1 node(s) were unschedulable, 2 Insufficient cpu, 2 Insufficient example.com/gpu.",
    );
    assert.equal(new TestCluster([]).place(testPod("p")), "no nodes available to schedule pods");
  });

  it("spreads equal pods by what nodes have left", () => {
    const cluster = new TestCluster([testNode("a"), testNode("b"), testNode("c")]);
    const placed: string[] = [];
    for (let i = 0; i < 6; i++) {
      const pod = testPod(`p${i}`, { requests: { cpu: "500m", memory: "512Mi" } });
      const node = cluster.place(pod);
      placed.push(node);
      cluster.bind(pod, node);
    }
    assert.deepEqual([...placed].sort(), ["a", "a", "b", "b", "c", "c"]);
  });

  it("counts init containers, sidecars and overhead as upstream does", () => {
    const cluster = new TestCluster([testNode("a", { allocatable: { cpu: "1" } })]);
    const container = (name: string, cpu: string) => ({ name, image: "i", resources: { requests: { cpu } } });
    const pod = (init: string, overhead: string) =>
      testPod("p", {
        requests: { cpu: "300m" },
        spec: {
          initContainers: [{ ...container("side", "200m"), restartPolicy: "Always" }, container("init", init)],
          overhead: { cpu: overhead },
        },
      });
    // The larger of 300m + 200m and 200m + init, plus overhead.
    assert.equal(cluster.place(pod("700m", "100m")), "a");
    assert.match(cluster.place(pod("700m", "101m")), /1 Insufficient cpu/);
    assert.equal(cluster.place(pod("100m", "500m")), "a");
    assert.match(cluster.place(pod("100m", "501m")), /1 Insufficient cpu/);
  });

  it("keeps pods from nodes without room for one more pod", () => {
    const cluster = new TestCluster([testNode("a", { allocatable: { pods: "1" } })]);
    cluster.bind(testPod("p"), "a");
    assert.equal(cluster.place(testPod("q")), "0/1 nodes are available: 1 Too many pods.");
  });

  it("follows node selectors, required affinity and the fields of one node", () => {
    const cluster = new TestCluster([testNode("a", { labels: { disk: "ssd", gen: "3" } }), testNode("b")]);
    assert.equal(cluster.place(testPod("p", { spec: { nodeSelector: { disk: "ssd" } } })), "a");
    const newer = affinity({ matchExpressions: [{ key: "gen", operator: "Gt", values: ["2"] }] });
    assert.equal(cluster.place(testPod("p", { spec: newer })), "a");
    const named = (name: string) =>
      affinity({ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] });
    assert.equal(cluster.place(testPod("p", { spec: named("b") })), "b");
    assert.equal(
      cluster.place(testPod("p", { requests: { cpu: "9" }, spec: named("b") })),
      "0/2 nodes are available: 1 Insufficient cpu, 1 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    );
    assert.equal(
      cluster.place(testPod("p", { spec: affinity({}) })),
      "0/2 nodes are available: 2 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    );
  });

  it("prefers nodes by preferred affinity, fewer soft taints and images that are there", () => {
    const image = { names: ["big:1"], sizeBytes: 900 << 20 };
    const cluster = new TestCluster([
      testNode("a", { spec: { taints: [{ key: "k", effect: "PreferNoSchedule" }] } }),
      testNode("b", { labels: { fast: "yes" } }),
      testNode("c", { images: [image] }),
    ]);
    const preference = { weight: 10, preference: { matchExpressions: [{ key: "fast", operator: "Exists" }] } };
    const preferred = { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [preference] } } };
    assert.equal(cluster.place(testPod("p", { spec: preferred })), "b");
    assert.equal(cluster.place(testPod("p", { spec: { containers: [{ name: "c", image: "big:1" }] } })), "c");
    assert.notEqual(cluster.place(testPod("p")), "a");
  });

  it("keeps host ports apart per address", () => {
    const cluster = new TestCluster([testNode("a")]);
    const pod = (name: string, hostIP?: string) =>
      testPod(name, {
        spec: {
          containers: [{ name: "c", ports: [{ containerPort: 80, hostPort: 80, ...(hostIP ? { hostIP } : {}) }] }],
        },
      });
    cluster.bind(pod("p", "10.0.0.1"), "a");
    assert.equal(cluster.place(pod("q", "10.0.0.2")), "a");
    assert.match(cluster.place(pod("q")), /1 node\(s\) didn't have free ports for the requested pod ports/);
    cluster.cache.removePod("default/p");
    assert.equal(cluster.place(pod("q")), "a");
  });

  it("leaves room for pods nominated to a node", () => {
    const cluster = new TestCluster([testNode("a")]);
    const important = testPod("p", { requests: { cpu: "3" }, spec: { priority: 10 } });
    cluster.nominator.nominate(cluster.builder.build(important), "a");
    assert.match(cluster.place(testPod("q", { requests: { cpu: "2" } })), /1 Insufficient cpu/);
    assert.equal(cluster.place(testPod("q", { requests: { cpu: "2" }, spec: { priority: 11 } })), "a");
    assert.equal(cluster.place(important), "a");
  });

  it("looks at a share of a large cluster, starting elsewhere each time", () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => testNode(`n${i}`));
    const cluster = new TestCluster(nodes);
    const placed = new Set(Array.from({ length: 5 }, (_, i) => cluster.place(testPod(`p${i}`))));
    assert.equal(placed.size, 5);
  });
});
