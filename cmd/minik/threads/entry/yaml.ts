// Where the thread that reads large YAML bodies starts: a bundle of its own, so that it loads nothing else.
import { parentPort } from "node:worker_threads";
import { runYamlWorker } from "#pkg/apiserver/registry/run-yaml-worker.ts";

if (parentPort !== null) runYamlWorker(parentPort);
