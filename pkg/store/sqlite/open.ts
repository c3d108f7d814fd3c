import type { EventEmitter } from "node:events";
import { Worker } from "node:worker_threads";
import type { Logger } from "#pkg/log/index.ts";
import type { Codec, Store } from "../types.ts";
import { CheckpointThread } from "./checkpoint-thread.ts";
import { StoreOpenError, type StoreOpenErrorCode } from "./errors.ts";
import type { Reply, Start } from "./protocol.ts";
import { SqliteStore, type StoreThread } from "./sqlite-store.ts";

/** What the store uses of a Worker. */
export interface StoreWorker extends EventEmitter {
  postMessage(message: unknown): void;
  terminate(): Promise<unknown>;
}

/** Where the SQLite thread's code is: a module that calls `runSqliteWorker(parentPort)`, or a maker of such a thread. */
export type WorkerSource = { readonly url: URL } | { readonly createWorker: () => StoreWorker };

export interface SqliteStoreOptions<T> {
  /** The database file; its folder is made when missing. `-wal`, `-shm` and `.lock` files stand beside it. */
  readonly path: string;
  readonly codec: Codec<T>;
  readonly log: Logger;
  /** The sources beside this file unless told. */
  readonly worker?: WorkerSource;
  /** better-sqlite3's addon on disk, when its package is not (a single-executable build). */
  readonly nativeBinding?: string;
  /** Writes that would make the file larger fail as on a full disk. No bound unless told. */
  readonly maxSizeBytes?: number;
}

/** Opens the store, made on first use. @throws {StoreOpenError} */
export async function openSqliteStore<T>(options: SqliteStoreOptions<T>): Promise<Store<T>> {
  const { path, codec, log, nativeBinding, maxSizeBytes } = options;
  const source = options.worker ?? { url: new URL("./worker.ts", import.meta.url) };
  const create = (): StoreWorker => ("url" in source ? new Worker(source.url) : source.createWorker());
  const start: Start = { role: "store", path, nativeBinding, maxSizeBytes };
  const worker = create();
  const { revision, compacted } = await handshake(worker, start);
  const helper = new CheckpointThread({ createWorker: create, start, log });
  const thread: StoreThread = {
    post: (batch) => worker.postMessage(batch),
    checkpoint: () => helper.checkpoint(),
    end: async () => {
      await Promise.all([helper.end(), worker.terminate()]);
    },
  };
  const store = new SqliteStore<T>({ thread, codec, log, revision, compacted });
  worker.on("message", (reply: Reply) => store.receive(reply));
  worker.on("error", (err) => {
    // A bug in the thread: answer what waits, then crash as any bug does.
    store.abandon(err);
    throw err;
  });
  worker.on("exit", () => store.abandon(new Error("it exited")));
  return store;
}

async function handshake(worker: StoreWorker, start: Start): Promise<{ revision: number; compacted: number }> {
  const listeners = new AbortController();
  try {
    return await new Promise((resolve, reject) => {
      const onReply = (reply: Reply): void => {
        if (reply.type === "ready") resolve(reply);
        else if (reply.type === "openFailed") {
          reject(new StoreOpenError(reply.code as StoreOpenErrorCode, reply.message));
        }
      };
      const onError = (err: unknown): void => reject(err instanceof Error ? err : new Error(String(err)));
      const onExit = (): void => reject(new StoreOpenError("STORE_FAILED", "The store's thread ended while it opened"));
      worker.on("message", onReply).on("error", onError).on("exit", onExit);
      listeners.signal.addEventListener("abort", () => {
        worker.off("message", onReply).off("error", onError).off("exit", onExit);
      });
      worker.postMessage(start);
    });
  } catch (err) {
    await worker.terminate();
    throw err;
  } finally {
    listeners.abort();
  }
}
