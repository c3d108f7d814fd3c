import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Deployment, ReplicaSet } from "#pkg/api/types/apps-v1.ts";
import { fenceposts } from "./fenceposts.ts";
import { MAX_ANNOTATION } from "./replica-sets.ts";
import { newSetSize, type Resize, scaleSets, shrinkOldSets } from "./scaling.ts";

const meta = (name: string, at: number) => ({
  name,
  uid: name,
  resourceVersion: "1",
  creationTimestamp: `2026-01-01T00:00:0${at}Z`,
});
const set = (name: string, at: number, replicas: number, available = replicas, max?: number): ReplicaSet => ({
  metadata: { ...meta(name, at), ...(max === undefined ? {} : { annotations: { [MAX_ANNOTATION]: String(max) } }) },
  spec: { replicas, selector: {} },
  status: { replicas, availableReplicas: available },
});
const deployment = (replicas: number, maxSurge: number | string, maxUnavailable: number | string): Deployment => ({
  metadata: meta("d", 0),
  spec: {
    replicas,
    selector: {},
    template: {},
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge, maxUnavailable } },
  },
});
const sizes = (resizes: readonly Resize[]): Record<string, number> =>
  Object.fromEntries(resizes.map(({ rs, to }) => [rs.metadata.name, to]));

describe("fenceposts", () => {
  it("rounds surge up and unavailable down, and lets one be unavailable when both are 0", () => {
    assert.deepEqual(fenceposts(deployment(10, "25%", "25%")), { surge: 3, unavailable: 2 });
    assert.deepEqual(fenceposts(deployment(1, "25%", "25%")), { surge: 1, unavailable: 0 });
    assert.deepEqual(fenceposts(deployment(3, 0, 0)), { surge: 0, unavailable: 1 });
    assert.deepEqual(fenceposts(deployment(2, 0, 5)), { surge: 0, unavailable: 2 });
  });
});

describe("newSetSize", () => {
  it("fills the room that surge leaves", () => {
    const d = deployment(10, 3, 2);
    assert.equal(newSetSize(d, [set("old", 1, 10)], 0), 3);
    assert.equal(newSetSize(d, [set("old", 1, 8), set("new", 2, 3)], 3), 5);
    assert.equal(newSetSize(d, [set("old", 1, 10), set("new", 2, 3)], 3), 3);
  });
});

describe("shrinkOldSets", () => {
  it("removes what was never available first and keeps the minimum available", () => {
    const d = deployment(10, 3, 2);
    const steps = shrinkOldSets(d, set("new", 3, 3, 0), [set("a", 1, 5, 5), set("b", 2, 5, 3)]);
    assert.deepEqual(sizes(steps), { b: 3 });
    assert.deepEqual(sizes(shrinkOldSets(d, set("new", 3, 3, 0), [set("a", 1, 10, 10)])), { a: 8 });
  });

  it("does nothing while too few are available", () => {
    assert.deepEqual(shrinkOldSets(deployment(10, 3, 2), set("new", 2, 5, 0), [set("a", 1, 8, 8)]), []);
  });
});

describe("scaleSets", () => {
  it("scales the only active set", () => {
    assert.deepEqual(sizes(scaleSets(deployment(5, 1, 0), set("new", 2, 3), [set("old", 1, 0)])), { new: 5 });
  });

  it("spreads a change in proportion during a rollout, the rest to the largest", () => {
    const d = deployment(20, 2, 0);
    const resized = scaleSets(d, set("new", 2, 4, 4, 12), [set("old", 1, 8, 8, 12)]);
    assert.deepEqual(sizes(resized), { old: 15, new: 7 });
    const down = scaleSets(deployment(5, 1, 0), set("new", 2, 3, 3, 11), [set("old", 1, 8, 8, 11)]);
    assert.deepEqual(sizes(down), { old: 4, new: 2 });
  });
});
