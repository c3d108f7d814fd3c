import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Container, ResourceRequirements } from "#pkg/api/types/core-v1.ts";
import { qosClassOf } from "./qos.ts";
import { containerResources, cpuShares, podAmounts, podCgroupLimits } from "./resources.ts";
import { testContainer, testPod } from "./testing.ts";

const facts = { memoryCapacityBytes: 8 * 2 ** 30, cgroupVersion: 1, hugepageSizes: ["2Mi"] } as const;
const both = (cpu: string, memory: string): ResourceRequirements => ({
  requests: { cpu, memory },
  limits: { cpu, memory },
});
const one = (resources: ResourceRequirements): Container => testContainer({ resources });
const linux = (resources: ResourceRequirements) => {
  const container = one(resources);
  return containerResources(testPod({ containers: [container] }), container, facts);
};

describe("qosClassOf", () => {
  it("tells the three classes apart", () => {
    assert.equal(qosClassOf(testPod()), "BestEffort");
    assert.equal(qosClassOf(testPod({ containers: [one(both("1", "1Gi"))] })), "Guaranteed");
    assert.equal(qosClassOf(testPod({ containers: [one({ requests: { cpu: "1m" } })] })), "Burstable");
    assert.equal(qosClassOf(testPod({ containers: [one(both("1", "1Gi")), testContainer()] })), "Burstable");
  });
  it("asks the pod's own resources first", () => {
    assert.equal(qosClassOf(testPod({ resources: both("1", "1Gi") })), "Guaranteed");
  });
});

describe("containerResources", () => {
  it("turns requests into shares and limits into quota and bytes", () => {
    const got = linux({ requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "500m", memory: "128Mi" } });
    assert.equal(got.cpuShares, 102);
    assert.equal(got.cpuQuota, 50_000);
    assert.equal(got.memoryLimitInBytes, 128 * 2 ** 20);
    assert.equal(got.oomScoreAdj, 993);
  });
  it("scores the classes for the OOM killer", () => {
    assert.equal(linux({}).oomScoreAdj, 1000);
    assert.equal(linux(both("1", "1Gi")).oomScoreAdj, -997);
    assert.equal(linux({ requests: { memory: "8Gi" } }).oomScoreAdj, 3);
    assert.equal(linux({ requests: { cpu: "1" } }).oomScoreAdj, 999);
  });
  it("limits every page size", () => {
    assert.deepEqual(linux({ limits: { "hugepages-2Mi": "4Mi" } }).hugepageLimits, [
      { pageSize: "2MB", limit: 4 * 2 ** 20 },
    ]);
  });
  it("never goes below the kernel's least", () => {
    assert.equal(linux({ limits: { cpu: "1m" } }).cpuQuota, 1000);
    assert.equal(cpuShares(1), 2);
  });
});

describe("podAmounts", () => {
  it("counts sidecars beside what follows them", () => {
    const pod = testPod({
      initContainers: [
        testContainer({ name: "first", resources: { requests: { cpu: "3" } } }),
        testContainer({ name: "side", restartPolicy: "Always", resources: { requests: { cpu: "1" } } }),
        testContainer({ name: "second", resources: { requests: { cpu: "500m" } } }),
      ],
      containers: [one({ requests: { cpu: "1" } })],
      overhead: { cpu: "100m" },
    });
    assert.equal(podAmounts(pod, "requests")["cpu"], 3100);
  });
});

describe("podCgroupLimits", () => {
  it("binds the pod only where every container has a limit", () => {
    const bounded = testPod({
      containers: [one({ limits: { cpu: "1" } }), one({ limits: { cpu: "500m", memory: "1Mi" } })],
    });
    assert.deepEqual(podCgroupLimits(bounded), { cpuPeriodUs: 100_000, cpuShares: 1536, cpuQuotaUs: 150_000 });
    assert.deepEqual(podCgroupLimits(testPod()), { cpuPeriodUs: 100_000, cpuShares: 2 });
  });
});
