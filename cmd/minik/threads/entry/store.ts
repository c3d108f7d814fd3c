// Where the thread of SQLite starts: a bundle of its own, so that it loads nothing else.
import { parentPort } from "node:worker_threads";
import { releaseMemoryWhenQuiet } from "../../release-memory.ts";
import { runSqliteWorker } from "#pkg/store/sqlite/run-worker.ts";

if (parentPort !== null) {
  releaseMemoryWhenQuiet();
  runSqliteWorker(parentPort);
}
