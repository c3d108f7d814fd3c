import type { MessagePort } from "node:worker_threads";
import type { Logger } from "#pkg/log/index.ts";
import { openConnection } from "./database.ts";
import type { StoreWorker } from "./open.ts";
import type { Start } from "./protocol.ts";

/** The helper ends itself after so long without work: a thread costs about 10 MB. */
const IDLE_MS = 60_000;

/** The caller's side of the helper thread, which lives only while the store is under load. */
export class CheckpointThread {
  readonly #createWorker: () => StoreWorker;
  readonly #start: Start;
  readonly #log: Logger;
  #worker: StoreWorker | undefined;

  constructor(deps: { createWorker: () => StoreWorker; start: Start; log: Logger }) {
    this.#createWorker = deps.createWorker;
    this.#start = { ...deps.start, role: "checkpoint" };
    this.#log = deps.log;
  }

  checkpoint(): void {
    this.#worker ??= this.#begin();
    this.#worker.postMessage("checkpoint");
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
  }

  #begin(): StoreWorker {
    const worker = this.#createWorker();
    worker.postMessage(this.#start);
    worker.on("message", (reason: string) => this.#log.warn("store checkpoint failed", { reason }));
    worker.on("exit", () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}

/** The helper thread: one passive checkpoint per message, which lets writers go on. */
export function runCheckpoints(port: MessagePort, start: Start): void {
  const db = openConnection(start);
  db.pragma("cache_size = -1000");
  const idle = setTimeout(() => {
    db.close();
    port.close();
  }, IDLE_MS);
  port.on("message", () => {
    idle.refresh();
    try {
      db.pragma("wal_checkpoint(PASSIVE)");
    } catch (err) {
      port.postMessage((err as Error).message);
    }
  });
}
