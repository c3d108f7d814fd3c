import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PodSpec } from "#pkg/api/types/core-v1.ts";
import { TestCluster, testNode, testPod } from "../testing.ts";

const ZONE = "topology.kubernetes.io/zone";
const zones = () => [
  testNode("a1", { labels: { [ZONE]: "a" } }),
  testNode("a2", { labels: { [ZONE]: "a" } }),
  testNode("b1", { labels: { [ZONE]: "b" } }),
];
const term = (labels: Record<string, string>, more: object = {}) => ({
  topologyKey: ZONE,
  labelSelector: { matchLabels: labels },
  ...more,
});
const together = (labels: Record<string, string>, more?: object): Partial<PodSpec> => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(labels, more)] } },
});
const apart = (labels: Record<string, string>): Partial<PodSpec> => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(labels)] } },
});

describe("InterPodAffinity", () => {
  it("puts pods where the pods they want are", () => {
    const cluster = new TestCluster(zones());
    const spec = together({ app: "db" });
    assert.match(cluster.place(testPod("p", { spec })), /3 node\(s\) didn't match pod affinity rules/);
    cluster.bind(testPod("db", { labels: { app: "db" } }), "b1");
    assert.equal(cluster.place(testPod("p", { spec })), "b1");
    assert.match(cluster.place(testPod("p", { spec, namespace: "other" })), /didn't match pod affinity rules/);
  });

  it("lets the first pod of a group in that wants to be together", () => {
    const cluster = new TestCluster(zones());
    const spec = together({ app: "x" });
    const first = cluster.place(testPod("p", { labels: { app: "x" }, spec }));
    assert.match(first, /^[ab]\d$/);
    cluster.bind(testPod("p", { labels: { app: "x" }, spec }), "b1");
    assert.equal(cluster.place(testPod("q", { labels: { app: "x" }, spec })), "b1");
  });

  it("looks into namespaces by their labels", () => {
    const cluster = new TestCluster(zones(), { namespaces: { default: {}, prod: { env: "prod" } } });
    cluster.bind(testPod("db", { labels: { app: "db" }, namespace: "prod" }), "b1");
    const spec = together({ app: "db" }, { namespaceSelector: { matchLabels: { env: "prod" } } });
    assert.equal(cluster.place(testPod("p", { spec })), "b1");
  });

  it("keeps pods apart in both directions", () => {
    const cluster = new TestCluster(zones());
    const web = { labels: { app: "web" } };
    cluster.bind(testPod("w", { ...web, spec: apart({ app: "web" }) }), "a1");
    assert.equal(cluster.place(testPod("p", { ...web, spec: apart({ app: "web" }) })), "b1");
    // The new pod wants nothing, but one that is there does.
    assert.equal(cluster.place(testPod("p", web)), "b1");
    cluster.bind(testPod("v", web), "b1");
    assert.equal(
      cluster.place(testPod("p", { ...web, spec: apart({ app: "web" }) })),
      "0/3 nodes are available: 3 node(s) didn't match pod anti-affinity rules.",
    );
    assert.equal(
      cluster.place(testPod("p", { ...web, spec: { nodeSelector: { [ZONE]: "a" } } })),
      "0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, " +
        "2 node(s) didn't satisfy existing pods anti-affinity rules.",
    );
    cluster.cache.removePod("default/w");
    assert.match(cluster.place(testPod("p", { ...web, spec: apart({ app: "web" }) })), /^a\d$/);
  });

  it("prefers and avoids by weight", () => {
    const cluster = new TestCluster(zones());
    cluster.bind(testPod("db", { labels: { app: "db" } }), "b1");
    const prefer = (weight: number) => [{ weight, podAffinityTerm: term({ app: "db" }) }];
    const near = { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: prefer(100) } };
    const far = { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: prefer(100) } };
    assert.equal(cluster.place(testPod("p", { spec: { affinity: near } })), "b1");
    assert.match(cluster.place(testPod("p", { spec: { affinity: far } })), /^a\d$/);
  });
});
