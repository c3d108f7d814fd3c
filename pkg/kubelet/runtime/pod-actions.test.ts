import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PodSpec } from "#pkg/api/types/core-v1.ts";
import { nothingObserved, type ObservedPod } from "./observed-pod.ts";
import { computePodActions, type ProbeVerdicts } from "./pod-actions.ts";
import { testContainer, testInstance, testObserved, testPod, testSandbox } from "./testing.ts";

const fine: ProbeVerdicts = { failed: () => undefined, started: () => true };
const unstarted: ProbeVerdicts = { failed: () => undefined, started: () => false };
const sidecar = testContainer("side", { restartPolicy: "Always" });

function actions(spec: Partial<PodSpec>, observed: (pod: ReturnType<typeof testPod>) => ObservedPod, probes = fine) {
  const pod = testPod(spec);
  const { start, kill, ...rest } = computePodActions(pod, observed(pod), probes);
  return { ...rest, start: start.map(({ name }) => name), kill: kill.map(({ container }) => container.id) };
}

describe("computePodActions", () => {
  it("makes a sandbox and starts the containers of a new pod", () => {
    const found = actions({}, () => nothingObserved("u"));
    assert.deepEqual(found, {
      killPod: false,
      createSandbox: true,
      attempt: 0,
      sandboxId: undefined,
      start: ["c"],
      kill: [],
    });
  });

  it("starts with the first init container alone", () => {
    const found = actions({ initContainers: [testContainer("i1"), testContainer("i2")] }, () => nothingObserved("u"));
    assert.deepEqual(found.start, ["i1"]);
  });

  it("does nothing while everything runs", () => {
    const found = actions({}, (pod) => testObserved([testInstance(pod, "c", "running")]));
    assert.deepEqual([found.killPod, found.start, found.kill], [false, [], []]);
  });

  it("goes on to the next init container when one has succeeded, and waits while one runs", () => {
    const initContainers = [testContainer("i1"), testContainer("i2")];
    assert.deepEqual(actions({ initContainers }, (pod) => testObserved([testInstance(pod, "i1", 0)])).start, ["i2"]);
    assert.deepEqual(
      actions({ initContainers }, (pod) => testObserved([testInstance(pod, "i1", "running")])).start,
      [],
    );
  });

  it("restarts a failed init container unless the policy is Never, which ends the pod", () => {
    const initContainers = [testContainer("i1")];
    const failed = (pod: ReturnType<typeof testPod>): ObservedPod => testObserved([testInstance(pod, "i1", 1)]);
    assert.deepEqual(actions({ initContainers }, failed).start, ["i1"]);
    const never = actions({ initContainers, restartPolicy: "Never" }, failed);
    assert.deepEqual([never.killPod, never.start], [true, []]);
  });

  it("lets the others begin once a sidecar has started, not before", () => {
    const initContainers = [sidecar];
    const running = (pod: ReturnType<typeof testPod>): ObservedPod =>
      testObserved([testInstance(pod, "side", "running")]);
    assert.deepEqual(actions({ initContainers }, running, unstarted).start, []);
    assert.deepEqual(actions({ initContainers }, running).start, ["c"]);
  });

  it("revives a sidecar beside running containers, and not when they are done", () => {
    const spec = { initContainers: [sidecar], restartPolicy: "Never" };
    const revived = actions(spec, (pod) =>
      testObserved([testInstance(pod, "c", "running"), testInstance(pod, "side", 1)]),
    );
    assert.deepEqual(revived.start, ["side"]);
    const done = actions(spec, (pod) =>
      testObserved([testInstance(pod, "c", 0), testInstance(pod, "side", "running")]),
    );
    assert.deepEqual([done.killPod, done.start], [true, []]);
  });

  it("restarts ended containers by their policy", () => {
    const ended = (code: number) => (pod: ReturnType<typeof testPod>) => testObserved([testInstance(pod, "c", code)]);
    assert.deepEqual(actions({}, ended(0)).start, ["c"]);
    assert.deepEqual(actions({ restartPolicy: "OnFailure" }, ended(1)).start, ["c"]);
    assert.equal(actions({ restartPolicy: "OnFailure" }, ended(0)).killPod, true);
    assert.equal(actions({ restartPolicy: "Never" }, ended(1)).killPod, true);
  });

  it("follows a container's own restart rules before the pod's policy", () => {
    const rules = [{ action: "Restart", exitCodes: { operator: "In", values: [42] } }];
    const containers = [testContainer("c", { restartPolicy: "Never", restartPolicyRules: rules })];
    const ended = (code: number) => (pod: ReturnType<typeof testPod>) => testObserved([testInstance(pod, "c", code)]);
    assert.deepEqual(actions({ containers }, ended(42)).start, ["c"]);
    assert.equal(actions({ containers }, ended(1)).killPod, true);
  });

  it("kills and starts again what failed its liveness probe or has another image", () => {
    const failing: ProbeVerdicts = { failed: () => "liveness", started: () => true };
    const unfit = actions({}, (pod) => testObserved([testInstance(pod, "c", "running")]), failing);
    assert.deepEqual([unfit.kill, unfit.start], [["c0"], ["c"]]);
    const changed = actions({}, (pod) => testObserved([testInstance(pod, "c", "running", { image: "old" })]));
    assert.deepEqual([changed.kill, changed.start], [["c0"], ["c"]]);
  });

  it("replaces a sandbox that is gone, with everything in it", () => {
    const found = actions({}, (pod) => testObserved([testInstance(pod, "c", 137)], [testSandbox({ ready: false })]));
    assert.deepEqual([found.createSandbox, found.attempt, found.start], [true, 1, ["c"]]);
  });

  it("makes no new sandbox for a pod whose work is done", () => {
    const found = actions({ restartPolicy: "Never" }, (pod) =>
      testObserved([testInstance(pod, "c", 0)], [testSandbox({ ready: false })]),
    );
    assert.deepEqual([found.createSandbox, found.start], [false, []]);
  });

  it("kills an instance that was created but never started before it makes another", () => {
    const found = actions({}, (pod) => testObserved([testInstance(pod, "c", "created")]));
    assert.deepEqual([found.kill, found.start], [["c0"], ["c"]]);
  });

  it("starts an ephemeral container once", () => {
    const ephemeralContainers = [{ name: "e", image: "i" }];
    const running = actions({ ephemeralContainers }, (pod) => testObserved([testInstance(pod, "c", "running")]));
    assert.deepEqual(running.start, ["e"]);
    const ended = actions({ ephemeralContainers }, (pod) =>
      testObserved([testInstance(pod, "c", "running"), testInstance(pod, "e", 1)]),
    );
    assert.deepEqual(ended.start, []);
  });
});
