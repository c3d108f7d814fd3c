// The thread's entry when it runs from source.
import { parentPort } from "node:worker_threads";
import { runSqliteWorker } from "./run-worker.ts";

if (parentPort !== null) runSqliteWorker(parentPort);
