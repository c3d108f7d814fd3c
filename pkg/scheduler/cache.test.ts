import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TestCluster, testNode, testPod } from "./testing.ts";

const ZONE = "topology.kubernetes.io/zone";

describe("Cache", () => {
  it("counts an assumed pod until it is confirmed or taken back", () => {
    const { cache, builder } = new TestCluster([testNode("a"), testNode("b")]);
    const pod = testPod("p", { requests: { cpu: "1" } });
    cache.assume(builder.build(pod), "a");
    assert.equal(cache.node("a")?.requested.milliCpu, 1000);
    cache.setPod({ ...pod, spec: { ...pod.spec, nodeName: "a" } });
    cache.forget("default/p");
    assert.equal(cache.node("a")?.requested.milliCpu, 1000);
    cache.removePod("default/p");
    assert.equal(cache.node("a")?.requested.milliCpu, 0);
    cache.assume(builder.build(pod), "b");
    cache.forget("default/p");
    assert.equal(cache.node("b")?.pods.size, 0);
  });

  it("believes the API server when it bound an assumed pod elsewhere", () => {
    const { cache, builder } = new TestCluster([testNode("a"), testNode("b")]);
    const pod = testPod("p", { requests: { cpu: "1" } });
    cache.assume(builder.build(pod), "a");
    cache.setPod({ ...pod, spec: { ...pod.spec, nodeName: "b" } });
    assert.equal(cache.node("a")?.requested.milliCpu, 0);
    assert.equal(cache.node("b")?.requested.milliCpu, 1000);
  });

  it("keeps the pods of a node that is gone until it comes back", () => {
    const { cache } = new TestCluster([testNode("a")]);
    const pod = testPod("p", { requests: { cpu: "1" }, spec: { nodeName: "a" } });
    cache.setPod(pod);
    cache.removeNode("a");
    assert.equal(cache.nodes.length, 0);
    assert.equal(cache.node("a"), undefined);
    cache.setNode(testNode("a"));
    assert.equal(cache.node("a")?.requested.milliCpu, 1000);
  });

  it("lets zones take turns in the order of nodes", () => {
    const inZone = (name: string, zone: string) => testNode(name, { labels: { [ZONE]: zone } });
    const { cache } = new TestCluster([inZone("a1", "a"), inZone("a2", "a"), inZone("a3", "a"), inZone("b1", "b")]);
    assert.deepEqual(
      cache.nodes.map(({ name }) => name),
      ["a1", "b1", "a2", "a3"],
    );
  });

  it("knows which nodes have an image", () => {
    const images = [{ names: ["x:1"], sizeBytes: 10 }];
    const { cache } = new TestCluster([testNode("a", { images }), testNode("b", { images })]);
    assert.equal(cache.image("x:1")?.nodes.size, 2);
    cache.setNode(testNode("a"));
    assert.deepEqual([...(cache.image("x:1")?.nodes ?? [])], ["b"]);
    cache.removeNode("b");
    assert.equal(cache.image("x:1"), undefined);
  });
});
