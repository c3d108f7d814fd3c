import { parentPort } from "node:worker_threads";
import type { ThreadData } from "./thread.ts";

/** What a thread does, by its role; resolves when it has drained after the main thread said "stop". */
export async function run(data: ThreadData): Promise<void> {
  if (parentPort === null) throw new Error("this is no thread");
  if (data.role === "store") {
    const { runSqliteWorker } = await import("#pkg/store/index.ts");
    runSqliteWorker(parentPort);
    return;
  }
  const life = new AbortController();
  const port = parentPort;
  port.on("message", (message) => {
    if (message === "stop") life.abort();
  });
  if (data.role === "control") await (await import("./control.ts")).runControlThread(data, life.signal);
  else await (await import("./node.ts")).runNode(data, life.signal);
  port.close();
}
