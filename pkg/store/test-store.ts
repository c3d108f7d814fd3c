import { EventEmitter } from "node:events";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { createLogger } from "#pkg/log/index.ts";
import { openSqliteStore, type StoreWorker } from "./sqlite/open.ts";
import { runSqliteWorker } from "./sqlite/run-worker.ts";
import type { Codec, Store } from "./types.ts";

/**
 * A store for unit tests, of JSON values unless told: `const store = await openTestStore<Pod>(t)`. It is the real one but
 * for its thread, whose start would cost each of hundreds of tests 100 ms. Closed and removed with the test.
 */
export async function openTestStore<T>(
  t: { after(cleanUp: () => Promise<void>): void },
  codec: Codec<T> = jsonCodec<T>(),
): Promise<Store<T>> {
  const dir = await makeStoreFolder();
  const store = await openSqliteStore({
    path: join(dir, "state.db"),
    codec,
    log: createLogger("silent"),
    worker: { createWorker: () => new InThreadWorker() },
  });
  t.after(async () => {
    await store.close();
    await rm(dir, { recursive: true });
  });
  return store;
}

/** Values as they are, in JSON. */
export function jsonCodec<T>(): Codec<T> {
  return { encode: (value) => JSON.stringify(value), decode: (text) => JSON.parse(text) as T };
}

/** A new folder for a test's store, in memory where that can be: a disk would be waited for at every write. */
export async function makeStoreFolder(): Promise<string> {
  const root = await access("/dev/shm").then(() => "/dev/shm", tmpdir);
  return await mkdtemp(join(root, "minik-store-"));
}

/** The store's worker in the caller's thread: messages are cloned and arrive later, as with one of its own. */
class InThreadWorker extends EventEmitter implements StoreWorker {
  readonly #port: MessagePort;
  readonly #closed: Promise<void>;

  constructor() {
    super();
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#closed = new Promise((resolve) => port1.once("close", resolve));
    port1.on("message", (message) => this.emit("message", message));
    port1.once("close", () => this.emit("exit", 0));
    runSqliteWorker(port2);
  }

  postMessage(message: unknown): void {
    this.#port.postMessage(message);
  }

  async terminate(): Promise<void> {
    this.#port.close();
    await this.#closed;
  }
}
