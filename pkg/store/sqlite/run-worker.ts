import { statSync } from "node:fs";
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Statement } from "better-sqlite3";
import { runCheckpoints } from "./checkpoint-thread.ts";
import { Checkpointer } from "./checkpointer.ts";
import { Compactor } from "./compaction.ts";
import { type Databases, openDatabases } from "./database.ts";
import { openErrorOf } from "./errors.ts";
import type { Batch, Reply, Request, Start, Stats } from "./protocol.ts";
import { POSITION, SnapshotReader } from "./read.ts";
import { GroupWriter } from "./write-group.ts";

/** A transaction takes no more writes than this; the rest waits for the next. */
const GROUP_WRITES = 1024;

/**
 * The SQLite thread: waits for a `Start` on the port, answers `ready` or `openFailed`, then serves batches until
 * `close`. The same entry is the helper thread that checkpoints under load.
 */
export function runSqliteWorker(port: MessagePort): void {
  const send = (reply: Reply): void => port.postMessage(reply);
  port.once("message", (start: Start) => {
    try {
      if (start.role === "checkpoint") {
        runCheckpoints(port, start);
        return;
      }
      new SqliteWorker(port, start, send).start();
    } catch (err) {
      const { code, message } = openErrorOf(start.path, err);
      send({ type: "openFailed", code, message });
      port.close();
    }
  });
}

class SqliteWorker {
  readonly #port: MessagePort;
  readonly #path: string;
  readonly #send: (reply: Reply) => void;
  readonly #databases: Databases;
  readonly #writer: GroupWriter;
  readonly #reader: SnapshotReader;
  readonly #compactor: Compactor;
  readonly #checkpointer: Checkpointer;
  readonly #value: Statement<[string], { revision: number; value: string }>;
  readonly #keys: Statement<[], number>;
  /** Work done in steps between groups: long reads one after the other, and the sweep of a compaction. */
  readonly #reads: Generator<void, void, void>[] = [];
  #sweep: Generator<void, void, void> | undefined;
  readonly #sweepWaiters: number[] = [];
  #stepping = false;

  constructor(port: MessagePort, start: Start, send: (reply: Reply) => void) {
    this.#port = port;
    this.#path = start.path;
    this.#send = send;
    this.#databases = openDatabases(start);
    try {
      const db = this.#databases.writer;
      this.#writer = new GroupWriter(db, (db.prepare(POSITION).get() as { revision: number }).revision);
      this.#reader = new SnapshotReader(this.#databases.reader, send);
      this.#compactor = new Compactor(db);
      this.#checkpointer = new Checkpointer(db, () => send({ type: "checkpointWanted" }));
      this.#value = db.prepare(
        "SELECT h.revision, h.value FROM state s JOIN history h ON h.revision = s.revision WHERE s.key = ?",
      );
      this.#keys = db.prepare<[], number>("SELECT count(*) FROM state").pluck();
    } catch (err) {
      this.#databases.close();
      throw err;
    }
  }

  start(): void {
    this.#port.on("message", (batch: Batch) => this.#serve(batch));
    this.#send({ type: "ready", revision: this.#writer.revision, compacted: this.#compactor.compacted });
    // Goes on where a killed process stopped.
    this.#startSweep();
  }

  /** Everything that waits on the port becomes one transaction, then come the requests, in the order of asking. */
  #serve(first: Batch): void {
    const batches = [first];
    let writes = first.keys.length;
    while (writes < GROUP_WRITES) {
      const next = receiveMessageOnPort(this.#port) as { message: Batch } | undefined;
      if (next === undefined) break;
      batches.push(next.message);
      writes += next.message.keys.length;
    }
    if (writes > 0) this.#write(batches, writes);
    for (const batch of batches) for (const request of batch.requests) this.#answer(request);
  }

  #write(batches: readonly Batch[], count: number): void {
    try {
      this.#send(this.#writer.commit(batches));
      this.#checkpoint();
    } catch (err) {
      this.#send({ type: "writesFailed", count, message: (err as Error).message });
      // When the WAL took the last space, what is in it may fit into the database, and the WAL starts again.
      this.#checkpointer.relieve();
    }
  }

  #checkpoint(): void {
    try {
      this.#checkpointer.afterGroup();
    } catch {
      // The disk refused: the WAL keeps everything, and the next checkpoint moves it.
    }
  }

  #answer(request: Request): void {
    const { id } = request;
    try {
      switch (request.type) {
        case "get":
          this.#send({ type: "done", id, result: this.#get(request.key) });
          break;
        case "list":
          this.#reads.push(this.#reader.list(request));
          this.#stepLater();
          break;
        case "replay":
          this.#reads.push(this.#reader.replay(request));
          this.#stepLater();
          break;
        case "changes":
          this.#reads.push(this.#reader.changes(request));
          this.#stepLater();
          break;
        case "compact":
          this.#compactor.compactTo(request.revision, this.#writer.revision);
          this.#send({ type: "compacted", compacted: this.#compactor.compacted });
          this.#sweepWaiters.push(id);
          this.#startSweep();
          break;
        case "stats":
          this.#send({ type: "done", id, result: this.#stats() });
          break;
        case "close":
          this.#close(id);
          break;
      }
    } catch (err) {
      this.#send({ type: "failed", id, message: (err as Error).message });
    }
  }

  #get(key: string): { revision: number; value: string } | undefined {
    return this.#value.get(key);
  }

  #stats(): Stats {
    return { sizeBytes: sizeOf(this.#path), walBytes: sizeOf(`${this.#path}-wal`), keys: this.#keys.get() ?? 0 };
  }

  #startSweep(): void {
    this.#sweep ??= this.#compactor.sweep();
    this.#stepLater();
  }

  /** One step of a read and one of the sweep per turn, so that waiting writes come in between. */
  #stepLater(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    setImmediate(() => {
      this.#stepping = false;
      if (this.#reads[0]?.next().done === true) this.#reads.shift();
      this.#stepSweep();
      if (this.#reads.length > 0 || this.#sweep !== undefined) this.#stepLater();
    });
  }

  #stepSweep(): void {
    if (this.#sweep === undefined) return;
    try {
      const done = this.#sweep.next().done === true;
      this.#checkpoint();
      if (!done) return;
      this.#sweep = undefined;
      for (const id of this.#sweepWaiters.splice(0)) this.#send({ type: "done", id, result: undefined });
    } catch (err) {
      // The disk refused. What was swept is recorded; the next compaction goes on there.
      this.#stopSweep((err as Error).message);
    }
  }

  #stopSweep(reason: string): void {
    this.#sweep = undefined;
    for (const id of this.#sweepWaiters.splice(0)) this.#send({ type: "failed", id, message: reason });
  }

  #close(id: number): void {
    for (const read of this.#reads.splice(0)) for (const _ of read);
    this.#stopSweep("the store is closing; the next start goes on");
    try {
      this.#checkpointer.finish();
    } catch {
      // A full disk: the WAL holds everything until the next start.
    }
    this.#databases.close();
    this.#send({ type: "done", id, result: undefined });
    this.#port.close();
  }
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
