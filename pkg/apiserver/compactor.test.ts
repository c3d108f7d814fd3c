import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { openTestStore } from "#pkg/store/index.ts";
import { Compactor } from "./compactor.ts";

const log = createLogger("silent");

describe("Compactor", () => {
  it("compacts to the revision of the interval before, and ends with its signal", async (t) => {
    const store = await openTestStore<{ n: number }>(t);
    let revision = 0;
    for (let n = 0; n < 5; n++) revision = await store.put("/a", { n }, revision);
    const stop = new AbortController();
    const running = new Compactor({ store, log, intervalMs: 5 }).start(stop.signal);
    revision = await store.put("/a", { n: 5 }, revision);
    await until(() => store.compactedRevision === revision, { timeoutMs: 15_000, intervalMs: 2 });
    stop.abort();
    await running;
    await assert.rejects(store.watch("/", 1, () => {}));
    assert.deepEqual((await store.get("/a"))?.value, { n: 5 });
  });

  it("goes on after a compaction that failed", async () => {
    const asked: number[] = [];
    const stop = new AbortController();
    const store = {
      revision: 1,
      compact: async (revision: number) => {
        asked.push(revision);
        store.revision++;
        if (asked.length === 1) throw new Error("disk full");
        if (asked.length === 3) stop.abort();
      },
    };
    await new Compactor({ store, log, intervalMs: 1 }).start(stop.signal);
    assert.deepEqual(asked, [1, 1, 2]);
  });
});
