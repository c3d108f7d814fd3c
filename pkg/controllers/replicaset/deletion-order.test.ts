import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { podsToDelete } from "./deletion-order.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");

function pod(
  name: string,
  with_: { node?: string; phase?: string; ready?: string; cost?: string; restarts?: number } = {},
): Pod {
  return {
    metadata: {
      name,
      uid: name,
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...(with_.cost === undefined
        ? {}
        : { annotations: { "controller.kubernetes.io/pod-deletion-cost": with_.cost } }),
    },
    spec: { containers: [], ...(with_.node === undefined ? {} : { nodeName: with_.node }) },
    status: {
      phase: with_.phase ?? "Running",
      ...(with_.ready === undefined
        ? {}
        : { conditions: [{ type: "Ready", status: "True", lastTransitionTime: with_.ready }] }),
      containerStatuses: [
        { name: "c", restartCount: with_.restarts ?? 0, image: "", imageID: "", ready: with_.ready !== undefined },
      ],
    },
  };
}

const EARLY = "2026-01-01T00:00:00Z";
const first = (pods: Pod[]): string | undefined => podsToDelete(pods, pods, 1, NOW)[0]?.metadata.name;

describe("podsToDelete", () => {
  it("takes unassigned, then pending, then unready pods first", () => {
    const ready = pod("ready", { node: "a", ready: EARLY });
    const unready = pod("unready", { node: "b" });
    const pending = pod("pending", { node: "c", phase: "Pending" });
    const unassigned = pod("unassigned", { phase: "Pending" });
    const order = podsToDelete([ready, unready, pending, unassigned], [], 3, NOW).map((p) => p.metadata.name);
    assert.deepEqual(order, ["unassigned", "pending", "unready"]);
  });

  it("follows pod-deletion-cost among ready pods", () => {
    assert.equal(first([pod("a", { node: "n", ready: EARLY, cost: "5" }), pod("b", { node: "m", ready: EARLY })]), "b");
    assert.equal(
      first([pod("a", { node: "n", ready: EARLY, cost: "-5" }), pod("b", { node: "m", ready: EARLY })]),
      "a",
    );
  });

  it("empties the crowded node, then takes the younger by magnitude, then the one that restarted", () => {
    const crowd = [pod("a", { node: "n", ready: EARLY }), pod("b", { node: "n", ready: EARLY })];
    assert.notEqual(first([pod("c", { node: "m", ready: EARLY }), ...crowd]), "c");
    const late = pod("late", { node: "m", ready: "2026-01-01T23:59:59Z" });
    assert.equal(first([pod("old", { node: "n", ready: EARLY }), late]), "late");
    const restarted = pod("restarted", { node: "m", ready: EARLY, restarts: 3 });
    assert.equal(first([pod("steady", { node: "n", ready: EARLY }), restarted]), "restarted");
  });
});
