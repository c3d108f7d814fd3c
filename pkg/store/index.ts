// The revisioned key-value store under the API server. Reads and writes one SQLite database, from a thread of its own.
export {
  type ChangePage,
  type Codec,
  CompactedError,
  ConflictError,
  type Entry,
  type ListOptions,
  type ListResult,
  type Store,
  type StoreChange,
  type StoreEvent,
  StoreUnavailableError,
} from "./types.ts";
export { openSqliteStore, type SqliteStoreOptions, type WorkerSource } from "./sqlite/open.ts";
export { jsonCodec, openTestStore } from "./test-store.ts";
export { StoreOpenError, type StoreOpenErrorCode } from "./sqlite/errors.ts";
export { runSqliteWorker } from "./sqlite/run-worker.ts";
