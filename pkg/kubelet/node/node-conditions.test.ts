import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nodeConditions, type NodeHealth } from "./node-conditions.ts";

const healthy: NodeHealth = {
  runtimeProblem: undefined,
  networkProblem: undefined,
  plegProblem: undefined,
  memoryPressure: false,
  diskPressure: false,
  pidPressure: false,
};
const now = Date.UTC(2026, 0, 2);
const readyOf = (health: Partial<NodeHealth>) =>
  nodeConditions([], { ...healthy, ...health }, now).find(({ type }) => type === "Ready");

describe("nodeConditions", () => {
  it("says in upstream's words that all is well", () => {
    const texts = nodeConditions([], healthy, now).map(
      ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
    );
    assert.deepEqual(texts, [
      "MemoryPressure=False KubeletHasSufficientMemory: kubelet has sufficient memory available",
      "DiskPressure=False KubeletHasNoDiskPressure: kubelet has no disk pressure",
      "PIDPressure=False KubeletHasSufficientPID: kubelet has sufficient PID available",
      "Ready=True KubeletReady: kubelet is posting ready status",
    ]);
  });

  it("is not ready while the network plugin is not", () => {
    assert.deepEqual(readyOf({ networkProblem: "cni plugin not initialized" }), {
      type: "Ready",
      status: "False",
      reason: "KubeletNotReady",
      message:
        "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
      lastHeartbeatTime: "2026-01-02T00:00:00Z",
      lastTransitionTime: "2026-01-02T00:00:00Z",
    });
  });

  it("keeps the transition time while the status stays, and conditions of others", () => {
    const before = [
      { type: "Ready", status: "True", lastTransitionTime: "2025-01-01T00:00:00Z" },
      { type: "KernelDeadlock", status: "False" },
    ];
    const found = nodeConditions(before, healthy, now);
    assert.equal(found.find(({ type }) => type === "Ready")?.lastTransitionTime, "2025-01-01T00:00:00Z");
    assert.ok(found.some(({ type }) => type === "KernelDeadlock"));
  });
});
