import assert from "node:assert/strict";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import Database from "better-sqlite3";
import { createLogger } from "#pkg/log/index.ts";
import { jsonCodec, makeStoreFolder } from "../test-store.ts";
import { type Store, type StoreEvent, StoreUnavailableError } from "../types.ts";
import { StoreOpenError } from "./errors.ts";
import { openSqliteStore } from "./open.ts";

const temporary = async (t: TestContext): Promise<string> => {
  const dir = await makeStoreFolder();
  t.after(() => rm(dir, { recursive: true }));
  return dir;
};
const open = (path: string, maxSizeBytes?: number): Promise<Store<unknown>> =>
  openSqliteStore({
    path,
    codec: jsonCodec<unknown>(),
    log: createLogger("silent"),
    ...(maxSizeBytes === undefined ? {} : { maxSizeBytes }),
  });
const isCode = (code: string) => (err: unknown) =>
  err instanceof StoreOpenError && err.code === code && !err.message.includes("\n");

describe("openSqliteStore", () => {
  it("makes its folder and files for their owner only, and leaves no WAL behind", async (t) => {
    const dir = join(await temporary(t), "db");
    const store = await open(join(dir, "state.db"));
    await store.put("/a", 1, 0);
    assert.equal((await stat(dir)).mode & 0o777, 0o700);
    const files = await readdir(dir);
    assert.deepEqual(files.sort(), ["state.db", "state.db-shm", "state.db-wal", "state.db.lock"]);
    for (const file of files) assert.equal((await stat(join(dir, file))).mode & 0o777, 0o600, file);
    await store.close();
    assert.deepEqual((await readdir(dir)).sort(), ["state.db", "state.db.lock"]);
  });

  it("refuses a folder that another server uses, until that one closes", async (t) => {
    const path = join(await temporary(t), "state.db");
    const first = await open(path);
    await assert.rejects(open(path), isCode("STORE_LOCKED"));
    await first.put("/a", 1, 0);
    await first.close();
    await (await open(path)).close();
  });

  it("refuses files that it must not touch, saying why", async (t) => {
    const dir = await temporary(t);
    const newer = new Database(join(dir, "newer.db"));
    newer.exec("PRAGMA application_id = 0x6d6e696b; PRAGMA user_version = 99; CREATE TABLE t (a)");
    newer.close();
    await assert.rejects(open(join(dir, "newer.db")), isCode("STORE_NEWER_SCHEMA"));

    const foreign = new Database(join(dir, "foreign.db"));
    foreign.exec("CREATE TABLE t (a)");
    foreign.close();
    await assert.rejects(open(join(dir, "foreign.db")), isCode("STORE_NOT_A_STORE"));

    await writeFile(join(dir, "text.db"), "no database ".repeat(1000));
    await assert.rejects(open(join(dir, "text.db")), isCode("STORE_CORRUPT"));

    await mkdir(join(dir, "folder.db"));
    await assert.rejects(open(join(dir, "folder.db")), isCode("STORE_NOT_WRITABLE"));
    await assert.rejects(open(join(dir, "text.db", "below", "state.db")), isCode("STORE_NOT_WRITABLE"));
  });
});

describe("SqliteStore", () => {
  it("fails writes while the disk is full, stays up, and writes again when there is room", async (t) => {
    const store = await open(join(await temporary(t), "state.db"), 400_000);
    t.after(() => store.close());
    const pad = "x".repeat(40_000);
    let revision = 0;
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 100; i++) revision = await store.put("/a", pad, revision);
    };
    await assert.rejects(fill(), StoreUnavailableError);
    assert.equal(store.revision, revision);
    assert.equal((await store.get("/a"))?.revision, revision);
    await store.compact(store.revision);
    assert.equal(await store.put("/a", "small", revision), revision + 1);
  });

  it("gives watchers the very value that was written", async (t) => {
    const store = await open(join(await temporary(t), "state.db"));
    t.after(() => store.close());
    const events: StoreEvent<unknown>[] = [];
    await store.watch("/", 0, (batch) => events.push(...batch));
    const value = Object.freeze({ a: 1 });
    await store.put("/a", value, 0);
    assert.equal(events[0]?.value, value);
  });

  it("keeps WAL and file small under overwriting and compaction", async (t) => {
    const store = await open(join(await temporary(t), "state.db"));
    t.after(() => store.close());
    const pad = "x".repeat(20_000);
    const revisions = Array.from({ length: 32 }, () => 0);
    for (let round = 0; round < 60; round++) {
      const writes = revisions.map((expected, key) => store.put(`/${key}`, pad, expected));
      for (const [key, write] of writes.entries()) revisions[key] = await write;
    }
    await store.compact(store.revision);
    await store.put("/last", pad, 0);
    const { sizeBytes, walBytes } = await store.stats();
    assert.ok(walBytes < 60e6, `WAL has ${walBytes} bytes after ${60 * 32 * 20_000} written`);
    assert.ok(sizeBytes < 60e6, `file has ${sizeBytes} bytes`);
  });
});
