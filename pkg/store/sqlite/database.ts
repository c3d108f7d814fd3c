import { chmodSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { openErrorOf, StoreOpenError } from "./errors.ts";
import type { Start } from "./protocol.ts";

export type Connection = Database.Database;

/** "mnik": tells our files from other SQLite files. */
const APPLICATION_ID = 0x6d6e696b;
const SCHEMA_VERSION = 1;

/**
 * `state` says which row of `history` is a key's value now, so a value is written once. `history.previous` is the
 * revision that a write replaced (0: none), its value is null for a deletion. The store's revision is the newest row of
 * `history`, or `compacted` when compaction took that row.
 */
const SCHEMA = `
  CREATE TABLE state (key TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE history (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, previous INTEGER NOT NULL, value TEXT);
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO meta VALUES ('compacted', 0), ('swept', 0);
`;

export interface Databases {
  /** The only connection that writes. */
  readonly writer: Connection;
  /** Holds a snapshot over several turns while a long list or replay is read. */
  readonly reader: Connection;
  close(): void;
}

/** Opens (and on first use makes) the database and takes its lock. @throws {StoreOpenError} */
export function openDatabases(start: Start): Databases {
  const opened: Connection[] = [];
  const close = (): void => {
    for (const db of opened.splice(0)) db.close();
  };
  try {
    mkdirSync(dirname(start.path), { recursive: true, mode: 0o700 });
    opened.unshift(openLock(start));
    const writer = openConnection(start);
    opened.unshift(writer);
    chmodSync(start.path, 0o600);
    prepareSchema(writer, start.path);
    if (start.maxSizeBytes !== undefined) writer.pragma(`max_page_count = ${Math.ceil(start.maxSizeBytes / 4096)}`);
    const reader = openConnection(start);
    opened.unshift(reader);
    reader.pragma("query_only = 1");
    reader.pragma("cache_size = -4000");
    return { writer, reader, close };
  } catch (err) {
    close();
    throw openErrorOf(start.path, err);
  }
}

/** A connection that never checkpoints by itself and syncs every commit. */
export function openConnection(start: Start): Connection {
  const db = new Database(start.path, {
    timeout: 5000,
    ...(start.nativeBinding === undefined ? {} : { nativeBinding: start.nativeBinding }),
  });
  // The build's default for WAL is NORMAL, which may lose the last commits at a power cut.
  db.pragma("synchronous = FULL");
  db.pragma("wal_autocheckpoint = 0");
  return db;
}

/** An exclusive transaction on a file beside the database: the kernel ends it with the process, however it dies. */
function openLock(start: Start): Connection {
  const lock = new Database(`${start.path}.lock`, {
    timeout: 0,
    ...(start.nativeBinding === undefined ? {} : { nativeBinding: start.nativeBinding }),
  });
  try {
    chmodSync(`${start.path}.lock`, 0o600);
    lock.pragma("journal_mode = MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (err) {
    lock.close();
    if (!String((err as NodeJS.ErrnoException).code).startsWith("SQLITE_BUSY")) throw err;
    const message = `Cannot open the store at "${start.path}": another server uses it; stop it or choose another --data-dir`;
    throw new StoreOpenError("STORE_LOCKED", message, { cause: err });
  }
}

function prepareSchema(db: Connection, path: string): void {
  const version = Number(db.pragma("user_version", { simple: true }));
  const id = Number(db.pragma("application_id", { simple: true }));
  const empty = Number(db.pragma("schema_version", { simple: true })) === 0;
  if (!empty && id !== APPLICATION_ID) {
    throw new StoreOpenError("STORE_NOT_A_STORE", `Cannot open the store at "${path}": the file is not minik's`);
  }
  if (version > SCHEMA_VERSION) {
    const message = `Cannot open the store at "${path}": its format ${version} is newer than ${SCHEMA_VERSION}; use the newer minik`;
    throw new StoreOpenError("STORE_NEWER_SCHEMA", message);
  }
  if (empty) db.pragma("auto_vacuum = INCREMENTAL");
  db.pragma("journal_mode = WAL");
  db.pragma(`journal_size_limit = ${16 * 1024 * 1024}`);
  if (empty) {
    db.transaction(() => {
      db.exec(SCHEMA);
      db.pragma(`application_id = ${APPLICATION_ID}`);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    }).immediate();
  }
}
