// The minik program: its subcommands, each loaded when it is asked for. Worker threads start here too, with a role.
import { isMainThread, workerData } from "node:worker_threads";
import type { ThreadData } from "./threads/thread.ts";

async function main(): Promise<void> {
  if (!isMainThread) {
    const { run } = await import("./threads/run.ts");
    await run(workerData as ThreadData);
    return;
  }
  const { runProgram } = await import("./program.ts");
  process.exitCode = await runProgram(process.argv);
}

void main();
