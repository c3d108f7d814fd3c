import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { type Sync, WorkQueue } from "./work-queue.ts";

function run(sync: Sync, workers = 2) {
  const queue = new WorkQueue({ name: "test", sync, workers, log: createLogger("silent") });
  const stop = new AbortController();
  const running = queue.start(stop.signal);
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };
  return { queue, end };
}
const soon = { timeoutMs: 15_000, intervalMs: 1 };

describe("WorkQueue", () => {
  it("syncs a key once for many adds, and once more for an add while it is processed", async () => {
    let calls = 0;
    let overlapping = 0;
    const gate = Promise.withResolvers<void>();
    const { queue, end } = run(async () => {
      calls++;
      overlapping++;
      await gate.promise;
      assert.equal(overlapping--, 1);
    });
    queue.add("a");
    queue.add("a");
    await until(() => calls === 1, soon);
    queue.add("a");
    queue.add("a");
    gate.resolve();
    await until(() => calls === 2, soon);
    assert.equal(queue.length, 0);
    await end();
    assert.equal(calls, 2);
  });

  it("retries a failed key with growing waits until it succeeds", async () => {
    const times: number[] = [];
    const { queue, end } = run(async () => {
      times.push(performance.now());
      if (times.length < 4) throw new Error("not yet");
    });
    queue.add("a");
    await until(() => times.length === 4, soon);
    assert.ok((times[3] ?? 0) - (times[0] ?? 0) >= 5 + 10 + 20 - 3);
    await until(() => queue.retries("a") === 0, soon);
    await end();
  });

  it("visits a key again when sync asks for it", async () => {
    let calls = 0;
    const { queue, end } = run(async () => (++calls < 3 ? { requeueAfterMs: 1 } : undefined));
    queue.addAfter("a", 1);
    await until(() => calls === 3, soon);
    await end();
  });

  it("keeps a delayed visit when the key is added before it", async () => {
    let calls = 0;
    const { queue, end } = run(async () => {
      calls++;
    });
    queue.addAfter("a", 30);
    queue.add("a");
    await until(() => calls === 1, soon);
    await until(() => calls === 2, soon);
    await end();
  });

  it("runs no more syncs at a time than it has workers, and waits for them when stopped", async () => {
    let active = 0;
    let most = 0;
    let done = 0;
    const { queue, end } = run(async () => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      active--;
      done++;
    }, 3);
    for (let i = 0; i < 10; i++) queue.add(`k${i}`);
    await until(() => done >= 5, soon);
    await end();
    assert.equal(most, 3);
    assert.equal(active, 0);
  });
});
