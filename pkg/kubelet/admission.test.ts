import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Node } from "#pkg/api/types/core-v1.ts";
import { admitPod } from "./admission.ts";
import { testContainer, testPod } from "./runtime/testing.ts";

const node: Node = {
  metadata: { name: "n", uid: "1", creationTimestamp: "", resourceVersion: "1", labels: { zone: "a" } },
  spec: {},
  status: { allocatable: { cpu: "2", memory: "1Gi", pods: "2" } },
};
const asking = (cpu: string) => testPod({ containers: [testContainer("c", { resources: { requests: { cpu } } })] });

describe("admitPod", () => {
  it("lets in what fits", () => {
    assert.equal(admitPod(asking("1"), { node, active: [asking("1")] }), undefined);
  });

  it("refuses what does not, with the scheduler's reasons", () => {
    assert.equal(admitPod(asking("1500m"), { node, active: [asking("1")] })?.reason, "OutOfcpu");
    assert.equal(admitPod(testPod(), { node, active: [testPod(), testPod()] })?.reason, "OutOfpods");
    assert.equal(admitPod(testPod({ nodeSelector: { zone: "b" } }), { node, active: [] })?.reason, "NodeAffinity");
    const onPort = testPod({ containers: [testContainer("c", { ports: [{ containerPort: 80, hostPort: 80 }] })] });
    assert.equal(admitPod(onPort, { node, active: [onPort] })?.reason, "NodePorts");
  });

  it("refuses pods that are for another operating system", () => {
    assert.deepEqual(admitPod(testPod({ os: { name: "windows" } }), { node, active: [] }), {
      reason: "PodOSNotSupported",
      message: "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS",
    });
    assert.equal(admitPod(testPod({ os: { name: "linux" } }), { node, active: [] }), undefined);
  });
});
