import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { type PodSyncer, type PodSyncResult, PodWorkers } from "./pod-workers.ts";
import { testPod } from "./runtime/testing.ts";

function workersWith(syncer: Partial<PodSyncer>): { workers: PodWorkers; calls: string[] } {
  const calls: string[] = [];
  const noted: PodSyncer = {
    sync: async (pod, signal): Promise<PodSyncResult> => {
      calls.push("sync");
      return (await syncer.sync?.(pod, signal)) ?? { over: false };
    },
    syncTerminating: async (pod, failure, signal) => {
      calls.push("terminating");
      await syncer.syncTerminating?.(pod, failure, signal);
    },
    syncTerminated: async () => {
      calls.push("terminated");
    },
    finished: async (_pod, removed) => {
      calls.push(removed ? "removed" : "finished");
    },
  };
  return { workers: new PodWorkers({ syncer: noted, log: createLogger("silent") }), calls };
}
const deleted = testPod({}, { deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 });
const soon = { timeoutMs: 15_000, intervalMs: 1 };

describe("PodWorkers", () => {
  it("leads a pod that is over through its end", async () => {
    const { workers, calls } = workersWith({ sync: () => Promise.resolve({ over: true }) });
    workers.update(testPod());
    await until(() => calls.includes("finished"), soon);
    assert.deepEqual(calls, ["sync", "terminating", "terminated", "finished"]);
    workers.remove("u");
    await until(() => !workers.has("u"), soon);
    await workers.close();
  });

  it("cuts off a sync when the pod is deleted", async () => {
    let aborted = false;
    const { workers, calls } = workersWith({
      sync: async (_pod, signal) => {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        aborted = true;
        throw new Error("cut off");
      },
    });
    workers.update(testPod());
    await until(() => calls.includes("sync"), soon);
    workers.update(deleted);
    await until(() => calls.includes("finished"), soon);
    assert.ok(aborted);
    await workers.close();
  });

  it("begins ending again when the grace period becomes shorter", async () => {
    let tries = 0;
    const { workers, calls } = workersWith({
      syncTerminating: async (_pod, _failure, signal) => {
        if (tries++ > 0) return;
        await new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(new Error("cut off"))));
      },
    });
    workers.update(deleted);
    await until(() => calls.includes("terminating"), soon);
    workers.update(testPod({}, { ...deleted.metadata, deletionGracePeriodSeconds: 1 }));
    await until(() => calls.includes("finished"), soon);
    assert.equal(tries, 2);
    await workers.close();
  });

  it("never syncs one pod twice at once, and takes the newest news", async () => {
    let active = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const { workers, calls } = workersWith({
      sync: async () => {
        most = Math.max(most, ++active);
        await gate.promise;
        active--;
        return { over: false };
      },
    });
    for (let i = 0; i < 5; i++) workers.update(testPod({}, { resourceVersion: String(i) }));
    await until(() => calls.length === 1, soon);
    for (let i = 0; i < 5; i++) workers.poke("u");
    gate.resolve();
    await until(() => calls.length === 2, soon);
    assert.equal(most, 1);
    await workers.close();
  });
});
