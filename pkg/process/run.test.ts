import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CommandError, run } from "./run.ts";

describe("run", () => {
  it("gives input to the program and resolves to its output", async () => {
    assert.equal((await run(["cat"], { input: "a b" })).stdout, "a b");
  });
  it("rejects with the exit code and the program's words", async () => {
    await assert.rejects(
      run(["ls", "/does-not-exist"]),
      (err: unknown) => err instanceof CommandError && err.exitCode === 2 && /does-not-exist/.test(err.message),
    );
  });
  it("names a program that does not exist", async () => {
    await assert.rejects(run(["no-such-program"]), /no-such-program did not run/);
  });
  it("ends a program that outlives its time", async () => {
    await assert.rejects(run(["sleep", "10"], { timeoutMs: 20 }), CommandError);
  });
});
