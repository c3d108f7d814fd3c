import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { Indexer } from "./lister.ts";

const pod = (name: string, nodeName: string, resourceVersion: string): Pod => ({
  metadata: { name, namespace: "a", uid: name, resourceVersion, creationTimestamp: "" },
  spec: { containers: [], nodeName },
});

describe("Indexer", () => {
  it("finds objects where they belong now, whether they stay, move, go or come again", () => {
    const indexer = new Indexer<Pod>();
    indexer.addIndex("node", ({ spec }) => [...(spec.nodeName === "" ? [] : [spec.nodeName as string]), "any"]);
    const found = (value: string): string[] =>
      indexer.byIndex("node", value).map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
    indexer.put(pod("x", "", "1"));
    indexer.put(pod("y", "n1", "2"));
    assert.deepEqual([found("n1"), found("any")], [["y@2"], ["x@1", "y@2"]]);
    const before = indexer.put(pod("x", "n1", "3"));
    assert.equal(before?.metadata.resourceVersion, "1");
    assert.deepEqual(
      [found("n1"), found("any")],
      [
        ["y@2", "x@3"],
        ["x@3", "y@2"],
      ],
    );
    indexer.put(pod("y", "n2", "4"));
    assert.deepEqual([found("n1"), found("n2"), found("any")], [["x@3"], ["y@4"], ["x@3", "y@4"]]);
    indexer.remove("a/x");
    assert.deepEqual([found("n1"), found("any"), indexer.list("a").length], [[], ["y@4"], 1]);
    indexer.put(pod("x", "n1", "5"));
    assert.deepEqual([found("n1"), indexer.list("a").length, indexer.size], [["x@5"], 2, 2]);
  });
});
