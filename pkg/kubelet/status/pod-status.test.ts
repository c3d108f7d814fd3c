import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pod, PodSpec, PodStatus } from "#pkg/api/types/core-v1.ts";
import { nothingObserved, type ObservedPod } from "../runtime/observed-pod.ts";
import { testContainer, testInstance, testObserved, testPod, testSandbox } from "../runtime/testing.ts";
import { WaitingReasons } from "../runtime/waiting-reasons.ts";
import { computePodStatus, type PodStatusInput, type Readiness } from "./pod-status.ts";

const ready: Readiness = { started: () => true, ready: () => true };

function status(
  pod: Pod,
  observed: ObservedPod,
  more: Partial<PodStatusInput> = {},
): PodStatus & { condition(type: string): string } {
  const computed = computePodStatus({
    pod,
    observed,
    before: pod.status ?? {},
    probes: ready,
    waiting: new WaitingReasons(),
    runtimeName: "containerd",
    hostIPs: ["192.0.2.1"],
    nowMs: Date.UTC(2026, 0, 2),
    ended: false,
    ...more,
  });
  return {
    ...computed,
    condition: (type) => {
      const found = computed.conditions?.find((condition) => condition.type === type);
      return [found?.status, found?.reason, found?.message].filter((text) => text !== undefined).join("|");
    },
  };
}
const of = (spec: Partial<PodSpec>): Pod => testPod(spec);

describe("computePodStatus", () => {
  it("shows a new pod as Pending with its containers being created", () => {
    const found = status(of({}), nothingObserved("u"));
    assert.equal(found.phase, "Pending");
    assert.deepEqual(found.containerStatuses?.[0]?.state, { waiting: { reason: "ContainerCreating" } });
    assert.equal(found.condition("PodReadyToStartContainers"), "False");
    assert.equal(found.condition("Ready"), "False|ContainersNotReady|containers with unready status: [c]");
    assert.equal(found.startTime, "2026-01-02T00:00:00Z");
    assert.equal(found.qosClass, "BestEffort");
  });

  it("shows a running pod with addresses, ids and readiness", () => {
    const pod = of({});
    const found = status(pod, testObserved([testInstance(pod, "c", "running")]));
    assert.equal(found.phase, "Running");
    assert.deepEqual(found.podIPs, [{ ip: "10.0.0.1" }]);
    const [container] = found.containerStatuses ?? [];
    assert.equal(container?.containerID, "containerd://c0");
    assert.deepEqual(container?.state, { running: { startedAt: "1970-01-01T00:00:11Z" } });
    assert.deepEqual([container?.ready, container?.started, found.condition("Ready")], [true, true, "True"]);
  });

  it("keeps the pod Pending and its containers PodInitializing while an init container runs", () => {
    const pod = of({ initContainers: [testContainer("i")] });
    const found = status(pod, testObserved([testInstance(pod, "i", "running")]));
    assert.equal(found.phase, "Pending");
    assert.deepEqual(found.containerStatuses?.[0]?.state, { waiting: { reason: "PodInitializing" } });
    const message = "False|ContainersNotInitialized|containers with incomplete status: [i]";
    assert.equal(found.condition("Initialized"), message);
  });

  it("tells exit codes and the instance before in lastState", () => {
    const pod = of({});
    const found = status(
      pod,
      testObserved([testInstance(pod, "c", "running", { attempt: 1 }), testInstance(pod, "c", 3)]),
    );
    const [container] = found.containerStatuses ?? [];
    assert.equal(container?.restartCount, 1);
    assert.equal(container?.lastState?.terminated?.exitCode, 3);
    assert.equal(container?.lastState?.terminated?.containerID, "containerd://c0");
  });

  it("moves the end to lastState and waits with the reason while a container backs off", () => {
    const pod = of({});
    const waiting = new WaitingReasons();
    waiting.set("u", "c", { reason: "CrashLoopBackOff", message: "back-off 10s" });
    const found = status(pod, testObserved([testInstance(pod, "c", 1)]), { waiting });
    assert.deepEqual(found.containerStatuses?.[0]?.state?.waiting?.reason, "CrashLoopBackOff");
    assert.equal(found.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 1);
    assert.equal(found.phase, "Running");
  });

  it("ends in Succeeded or Failed by the exit codes where nothing is restarted", () => {
    const pod = of({ restartPolicy: "Never" });
    const succeeded = status(pod, testObserved([testInstance(pod, "c", 0)]));
    assert.deepEqual([succeeded.phase, succeeded.condition("Ready")], ["Succeeded", "False|PodCompleted"]);
    const failed = status(pod, testObserved([testInstance(pod, "c", 2)]));
    assert.deepEqual([failed.phase, failed.condition("ContainersReady")], ["Failed", "False|PodFailed"]);
  });

  it("fails a pod that was ended while it should have run on", () => {
    const pod = of({});
    const found = status(pod, testObserved([testInstance(pod, "c", 137)], [testSandbox({ ready: false })]), {
      ended: true,
    });
    assert.equal(found.phase, "Failed");
  });

  it("keeps what the API knows of containers that the runtime forgot", () => {
    const terminated = { exitCode: 0, reason: "Completed", containerID: "containerd://old" };
    const before = {
      containerStatuses: [{ name: "c", image: "i", imageID: "", ready: false, restartCount: 4, state: { terminated } }],
    };
    const found = status(of({}), nothingObserved("u"), { before });
    assert.deepEqual(found.containerStatuses?.[0]?.state, { terminated });
    assert.equal(found.containerStatuses?.[0]?.restartCount, 4);
  });

  it("keeps transition times while a condition's status stays, and others' conditions", () => {
    const pod = {
      ...of({}),
      status: {
        conditions: [
          { type: "Ready", status: "False", lastTransitionTime: "2025-01-01T00:00:00Z" },
          { type: "example.com/gate", status: "True" },
        ],
      },
    };
    const found = status(pod, nothingObserved("u"));
    const byType = new Map(found.conditions?.map((condition) => [condition.type, condition]));
    assert.equal(byType.get("Ready")?.lastTransitionTime, "2025-01-01T00:00:00Z");
    assert.equal(byType.get("example.com/gate")?.status, "True");
  });

  it("waits for readiness gates", () => {
    const pod = of({ readinessGates: [{ conditionType: "example.com/gate" }] });
    const found = status(pod, testObserved([testInstance(pod, "c", "running")]));
    const message = 'corresponding condition of pod readiness gate "example.com/gate" does not exist.';
    assert.equal(found.condition("Ready"), `False|ReadinessGatesNotReady|${message}`);
  });
});
