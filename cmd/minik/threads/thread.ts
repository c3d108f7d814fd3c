/**
 * Threads of the one process. Each role has an entry of its own (`entry/`); one that uses the API gets a port to it, whose
 * user the API server's thread fixed.
 *
 *   main: API server ──┬── store    SQLite, and its checkpoints
 *                      ├── yaml     reads and writes large YAML, while there is any
 *                      ├── control  scheduler, controllers
 *                      └── node     containerd, kubelet, proxy, pod network
 */
import { type MessagePort, type TransferListItem, Worker } from "node:worker_threads";
import { YAML_LIMITS } from "#pkg/apiserver/index.ts";
import type { LogLevel } from "#pkg/log/index.ts";

export interface StoreThread {
  readonly role: "store";
}

export interface ControlThread {
  readonly role: "control";
  /** Scheduler and controllers have users, and so ports, of their own. Which has none does not run. */
  readonly scheduler?: MessagePort;
  readonly controllers?: MessagePort;
  readonly logLevel: LogLevel;
  readonly identity: string;
  readonly leaseDurationSeconds: number;
  readonly clusterCidr: string;
  /** PEM that pods verify the API server with: ConfigMap kube-root-ca.crt. */
  readonly rootCa: string;
}

export interface NodeThread {
  readonly role: "node";
  readonly kubelet: MessagePort;
  readonly proxy: MessagePort;
  readonly logLevel: LogLevel;
  readonly node: NodeSettings;
}

/** What the node's components need to know of the configuration. */
export interface NodeSettings {
  readonly dataDir: string;
  readonly nodeName: string;
  readonly nodeIp: string;
  readonly labels: readonly string[];
  readonly taints: readonly string[];
  readonly clusterCidr: string;
  readonly serviceCidr: string;
  readonly clusterDns: string;
  readonly clusterDomain: string;
  /** Paths of the compiled cmd/pause and of cri-v1.proto. */
  readonly pauseProgram: string;
  readonly criProto: string;
  readonly pauseImage?: string;
  readonly snapshotter: "overlayfs" | "native";
  readonly containerRuntimeEndpoint?: string;
  readonly kubeletPort: number;
  readonly kubeletHealthPort: number;
  readonly proxyEnabled: boolean;
}

export interface YamlThread {
  readonly role: "yaml";
}

export type ThreadData = StoreThread | YamlThread | ControlThread | NodeThread;

/** The file that each role starts in. */
export type ThreadEntries = Readonly<Record<ThreadData["role"], string>>;

/** Starts a thread in a role. @param entries `Assets.threads` */
export function createThread(entries: ThreadEntries, data: ThreadData): Worker {
  const ports = Object.values(data).filter(
    (value): value is MessagePort & TransferListItem =>
      typeof value === "object" && value !== null && "postMessage" in value,
  );
  return new Worker(entries[data.role], {
    workerData: data,
    transferList: ports,
    resourceLimits: data.role === "yaml" ? YAML_LIMITS : { maxYoungGenerationSizeMb: 4 },
  });
}

/** How long a thread has to drain; then it is ended. */
const DRAIN_MS = 15_000;

/** A thread as a component: runs until the signal aborts, then stops it and waits until it has drained, for a bounded time. */
export async function runThread(entries: ThreadEntries, data: ThreadData, signal: AbortSignal): Promise<void> {
  const worker = createThread(entries, data);
  let overdue: NodeJS.Timeout | undefined;
  const stop = (): void => {
    worker.postMessage("stop");
    overdue = setTimeout(() => void worker.terminate(), DRAIN_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on("error", (err) => reject(err instanceof Error ? err : new Error(String(err))));
      worker.on("exit", (code) => {
        if (signal.aborted) resolve();
        else reject(new Error(`The ${data.role} thread ended by itself (${code})`));
      });
    });
  } finally {
    clearTimeout(overdue);
    signal.removeEventListener("abort", stop);
  }
}
