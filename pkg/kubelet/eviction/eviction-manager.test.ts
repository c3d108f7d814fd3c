import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, EventRecorder } from "#pkg/client/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { PodEvents } from "../pod-events.ts";
import { testContainer, testPod } from "../runtime/testing.ts";
import { EvictionManager, type EvictionReading } from "./eviction-manager.ts";

const Mi = 1024 * 1024;
const log = createLogger("silent");
const client = createClient({
  request: async () => ({ metadata: { name: "e" } }),
  watch: async function* () {},
  close: async () => undefined,
});
const plenty: EvictionReading = {
  memoryAvailableBytes: 1000 * Mi,
  diskAvailableBytes: 50,
  diskCapacityBytes: 100,
  inodesFree: 50,
  inodes: 100,
  pods: [],
};
const pod = (uid: string, memory: string, priority = 0) =>
  testPod({ priority, containers: [testContainer("c", { resources: { requests: { memory } } })] }, { uid, name: uid });

describe("EvictionManager", () => {
  it("ends the pod that is furthest above its request, and says pressure for a while", async () => {
    let reading: EvictionReading = {
      ...plenty,
      memoryAvailableBytes: 50 * Mi,
      pods: [
        { uid: "modest", containers: [{ workingSetBytes: 500 * Mi, diskBytes: 0 }] },
        { uid: "greedy", containers: [{ workingSetBytes: 100 * Mi, diskBytes: 0 }] },
        { uid: "vital", containers: [{ workingSetBytes: 900 * Mi, diskBytes: 0 }] },
      ],
    };
    const evicted: string[] = [];
    const manager = new EvictionManager({
      read: () => Promise.resolve(reading),
      active: () => [pod("modest", "600Mi"), pod("greedy", "10Mi"), pod("vital", "1Mi", 2_000_000_000)],
      evict: (found, failure) => evicted.push(`${found.metadata.uid} ${failure.reason}`),
      reclaimDisk: () => Promise.resolve(),
      changed: () => undefined,
      events: new PodEvents({ recorder: new EventRecorder({ client, log, component: "kubelet" }) }),
      log,
    });
    await manager.check(0);
    assert.deepEqual(evicted, ["greedy Evicted"]);
    assert.ok(manager.isUnderPressure("memory"));
    assert.ok(!manager.isUnderPressure("ephemeral-storage"));
    reading = plenty;
    await manager.check(60_000);
    assert.ok(manager.isUnderPressure("memory"));
    await manager.check(301_000);
    assert.ok(!manager.isUnderPressure("memory"));
  });
});
