import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PodSpec } from "#pkg/api/types/core-v1.ts";
import { QuantityReader } from "./amounts.ts";
import { PodInfoBuilder } from "./pod-info.ts";
import { SchedulingQueue } from "./queue.ts";
import { testPod } from "./testing.ts";
import type { FilterPlugin } from "./types.ts";

const builder = new PodInfoBuilder({ quantities: new QuantityReader(), namespaceLabels: () => undefined });
const info = (name: string, spec: Partial<PodSpec> = {}) => builder.build(testPod(name, { spec }));
const fit: FilterPlugin = { name: "Fit", retryOn: ["AssignedPodDelete"], prepareFilter: () => undefined };

function setup(t: { after(end: () => void): void }) {
  const clock = { ms: 1_000_000 };
  const queue = new SchedulingQueue({ filters: [fit], onActive: () => undefined, now: () => clock.ms });
  t.after(() => queue.close());
  const pop = (): string | undefined => queue.pop()?.pod.pod.metadata.name;
  return { clock, queue, pop };
}
const FIT = new Set(["Fit"]);

describe("SchedulingQueue", () => {
  it("gives important pods first, then those that waited longest", (t) => {
    const { queue, pop } = setup(t);
    for (const name of ["a", "b"]) queue.add(info(name));
    queue.add(info("urgent", { priority: 5 }));
    assert.deepEqual([pop(), pop(), pop(), pop()], ["urgent", "a", "b", undefined]);
  });

  it("tries a rejected pod again only after an event that helps, and after its backoff", (t) => {
    const { clock, queue, pop } = setup(t);
    queue.add(info("a"));
    const queued = queue.pop();
    assert.ok(queued !== undefined);
    queue.requeue(queued, FIT);
    queue.onEvent("NodeLabel");
    clock.ms += 20_000;
    queue.flushBackoff();
    assert.equal(pop(), undefined);
    queue.onEvent("AssignedPodDelete");
    assert.equal(pop(), "a");
    queue.requeue(queued, FIT);
    queue.onEvent("AssignedPodDelete");
    queue.flushBackoff();
    assert.equal(pop(), undefined);
    // The second attempt failed: two seconds.
    clock.ms += 1999;
    queue.flushBackoff();
    assert.equal(pop(), undefined);
    clock.ms += 1;
    queue.flushBackoff();
    assert.equal(pop(), "a");
  });

  it("does not lose an event that comes while the pod is in flight", (t) => {
    const { clock, queue, pop } = setup(t);
    queue.add(info("a"));
    const queued = queue.pop();
    assert.ok(queued !== undefined);
    queue.onEvent("AssignedPodDelete");
    queue.requeue(queued, FIT);
    clock.ms += 1000;
    queue.flushBackoff();
    assert.equal(pop(), "a");
  });

  it("tries everything that waited for five minutes", (t) => {
    const { clock, queue, pop } = setup(t);
    queue.add(info("a"));
    const queued = queue.pop();
    assert.ok(queued !== undefined);
    queue.requeue(queued, FIT);
    clock.ms += 5 * 60_000 + 1;
    queue.flushUnschedulable();
    assert.equal(pop(), "a");
  });

  it("holds gated pods until their gates are gone", (t) => {
    const { queue, pop } = setup(t);
    queue.add(info("a", { schedulingGates: [{ name: "wait" }] }));
    assert.equal(pop(), undefined);
    queue.update(info("a"), true);
    assert.equal(pop(), "a");
  });

  it("forgets a deleted pod wherever it is, also in flight", (t) => {
    const { queue, pop } = setup(t);
    queue.add(info("a"));
    const queued = queue.pop();
    assert.ok(queued !== undefined);
    queue.delete("default/a");
    queue.requeue(queued, new Set());
    assert.equal(queue.pendingCount, 0);
    queue.add(info("b"));
    queue.delete("default/b");
    assert.equal(pop(), undefined);
  });
});
