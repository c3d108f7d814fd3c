import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { StatefulSet } from "#pkg/api/types/apps-v1.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { planStateful } from "./plan.ts";

const set = (spec: Partial<StatefulSet["spec"]>): StatefulSet => ({
  metadata: { name: "web", uid: "s", resourceVersion: "1", creationTimestamp: "" },
  spec: { replicas: 3, selector: {}, template: {}, serviceName: "web", ...spec },
});
const pod = (ordinal: number, state: { ready?: boolean; going?: boolean; revision?: string } = {}): Pod => ({
  metadata: {
    name: `web-${ordinal}`,
    uid: `p${ordinal}`,
    resourceVersion: "1",
    creationTimestamp: "",
    labels: { "controller-revision-hash": state.revision ?? "r1" },
    ...(state.going === true ? { deletionTimestamp: "2026-01-01T00:00:00Z" } : {}),
  },
  spec: { containers: [] },
  status: { phase: "Running", conditions: [{ type: "Ready", status: state.ready === false ? "False" : "True" }] },
});
const plan = (object: StatefulSet, pods: Pod[], updateRevision = "r1"): { create: number[]; remove: string[] } => {
  const { create, remove } = planStateful({ set: object, pods, currentRevision: "r1", updateRevision, now: 0 });
  return { create: create.map((c) => c.ordinal), remove: remove.map((p) => p.metadata.name) };
};

describe("planStateful", () => {
  it("creates in order, each pod after the one before is ready", () => {
    assert.deepEqual(plan(set({}), []), { create: [0], remove: [] });
    assert.deepEqual(plan(set({}), [pod(0, { ready: false })]), { create: [], remove: [] });
    assert.deepEqual(plan(set({}), [pod(0)]), { create: [1], remove: [] });
    assert.deepEqual(plan(set({ podManagementPolicy: "Parallel" }), [pod(1)]), { create: [0, 2], remove: [] });
    assert.deepEqual(plan(set({ replicas: 1, ordinals: { start: 5 } }), []), { create: [5], remove: [] });
  });

  it("scales down from the highest ordinal, one at a time", () => {
    const pods = [0, 1, 2].map((n) => pod(n));
    assert.deepEqual(plan(set({ replicas: 1 }), pods).remove, ["web-2"]);
    assert.deepEqual(plan(set({ replicas: 1 }), [pod(0), pod(1), pod(2, { going: true })]).remove, []);
    assert.deepEqual(plan(set({ replicas: 1, podManagementPolicy: "Parallel" }), pods).remove, ["web-2", "web-1"]);
  });

  it("updates from the highest ordinal down to the partition, waiting for each", () => {
    const pods = [0, 1, 2].map((n) => pod(n));
    assert.deepEqual(plan(set({}), pods, "r2").remove, ["web-2"]);
    const half = [pod(0), pod(1), pod(2, { revision: "r2" })];
    assert.deepEqual(plan(set({}), half, "r2").remove, ["web-1"]);
    const unready = [pod(0), pod(1), pod(2, { revision: "r2", ready: false })];
    assert.deepEqual(plan(set({}), unready, "r2").remove, []);
    const partitioned = set({ updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 2 } } });
    assert.deepEqual(plan(partitioned, half, "r2").remove, []);
    assert.deepEqual(plan(set({ updateStrategy: { type: "OnDelete" } }), pods, "r2").remove, []);
  });
});
