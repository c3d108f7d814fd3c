import { parentPort, workerData } from "node:worker_threads";
import { isAbort } from "#pkg/async/index.ts";
import { releaseMemoryWhenQuiet } from "../release-memory.ts";

/** Runs a thread's work until the main thread says "stop" and the work has drained. */
export async function enter<Data>(work: (data: Data, signal: AbortSignal) => Promise<void>): Promise<void> {
  if (parentPort === null) throw new Error("This program is a thread of minik, and started by it alone");
  const port = parentPort;
  const life = new AbortController();
  port.on("message", (message) => {
    if (message === "stop") life.abort();
  });
  releaseMemoryWhenQuiet();
  try {
    await work(workerData as Data, life.signal);
  } catch (err) {
    // Stopped while it started.
    if (!life.signal.aborted || !isAbort(err)) throw err;
  }
  port.close();
}
