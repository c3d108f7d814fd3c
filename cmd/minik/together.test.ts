import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { together } from "./together.ts";

const untilAborted = async (signal: AbortSignal): Promise<void> => {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
};

describe("together", () => {
  it("ends when all have drained after the signal", async () => {
    const life = new AbortController();
    const drained: string[] = [];
    const running = together(life.signal, (signal) =>
      ["a", "b"].map(async (name) => {
        await untilAborted(signal);
        drained.push(name);
      }),
    );
    life.abort();
    await running;
    assert.deepEqual(drained, ["a", "b"]);
  });

  it("stops the others and waits for them before it throws what one failed with", async () => {
    let drained = false;
    const running = together(new AbortController().signal, (signal) => [
      Promise.reject(new Error("broken")),
      untilAborted(signal).then(() => {
        drained = true;
      }),
    ]);
    await assert.rejects(running, /broken/);
    assert.equal(drained, true);
  });
});
