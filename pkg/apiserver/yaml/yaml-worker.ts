// The thread of YamlThread, where it runs from source.
import { parentPort } from "node:worker_threads";
import { runYamlWorker } from "./run-yaml-worker.ts";

if (parentPort !== null) runYamlWorker(parentPort);
