import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { replicasets } from "#pkg/api/types/apps-v1.ts";
import { TestCluster, testNode, testPod } from "../testing.ts";

const ZONE = "topology.kubernetes.io/zone";
const zones = () => [
  testNode("a1", { labels: { [ZONE]: "a" } }),
  testNode("a2", { labels: { [ZONE]: "a" } }),
  testNode("b1", { labels: { [ZONE]: "b" } }),
];
const web = (name: string, whenUnsatisfiable: string, more: object = {}) =>
  testPod(name, {
    labels: { app: "web" },
    spec: {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: ZONE, whenUnsatisfiable, labelSelector: { matchLabels: { app: "web" } }, ...more },
      ],
    },
  });

describe("PodTopologySpread", () => {
  it("never lets a domain get further ahead than maxSkew", () => {
    const cluster = new TestCluster([...zones(), testNode("nowhere")]);
    cluster.bind(web("p1", "DoNotSchedule"), "a1");
    assert.equal(cluster.place(web("p", "DoNotSchedule")), "b1");
    cluster.bind(web("p2", "DoNotSchedule"), "b1");
    cluster.bind(web("p3", "DoNotSchedule"), "b1");
    assert.match(cluster.place(web("p", "DoNotSchedule")), /^a\d$/);
  });

  it("says which nodes fail by skew and which by their missing label", () => {
    const cluster = new TestCluster([testNode("a1", { labels: { [ZONE]: "a" } }), testNode("nowhere")]);
    cluster.bind(web("p1", "DoNotSchedule"), "a1");
    assert.equal(
      cluster.place(web("p", "DoNotSchedule", { minDomains: 2 })),
      "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, " +
        "1 node(s) didn't match pod topology spread constraints (missing required label).",
    );
  });

  it("prefers emptier domains when it may also schedule anyway", () => {
    const cluster = new TestCluster(zones());
    for (let i = 0; i < 3; i++) cluster.bind(web(`p${i}`, "ScheduleAnyway"), "b1");
    assert.match(cluster.place(web("p", "ScheduleAnyway")), /^a\d$/);
  });

  it("spreads the pods of a workload over nodes without being asked", async () => {
    const set = {
      metadata: { name: "rs", namespace: "default", uid: "rs", resourceVersion: "1", creationTimestamp: "" },
      spec: { selector: { matchLabels: { app: "web" } } },
    };
    const cluster = new TestCluster([testNode("a"), testNode("b", { allocatable: { cpu: "8", memory: "16Gi" } })], {
      objects: [[replicasets, [set]]],
    });
    await cluster.ready;
    const pod = (name: string) => {
      const made = testPod(name, { labels: { app: "web" }, requests: { cpu: "100m", memory: "100Mi" } });
      const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: "rs", uid: "rs", controller: true };
      return { ...made, metadata: { ...made.metadata, ownerReferences: [owner] } };
    };
    const placed: string[] = [];
    for (let i = 0; i < 4; i++) {
      const node = cluster.place(pod(`p${i}`));
      cluster.bind(pod(`p${i}`), node);
      placed.push(node);
    }
    assert.deepEqual(placed.sort(), ["a", "a", "b", "b"]);
  });
});
