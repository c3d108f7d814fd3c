// Where the thread that reads and writes large YAML starts: a bundle of its own, so that it loads nothing else.
import { parentPort } from "node:worker_threads";
import { runYamlWorker } from "#pkg/apiserver/yaml/run-yaml-worker.ts";

if (parentPort !== null) runYamlWorker(parentPort);
