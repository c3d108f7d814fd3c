import { createHash } from "node:crypto";
import { join } from "node:path";

/** Where everything lies under the data directory; no other file knows these names. */
export interface Paths {
  readonly dataDir: string;
  /** One server a directory: holds the pid of the one that runs. */
  readonly pidFile: string;
  readonly bin: string;
  readonly tls: string;
  readonly database: string;
  readonly identity: string;
  /** The administrator's kubeconfig; `--write-kubeconfig` gets a copy. */
  readonly adminKubeconfig: string;
  readonly agent: string;
  readonly containerdRoot: string;
  readonly containerdState: string;
  readonly images: string;
  readonly kubeletRoot: string;
  readonly podLogs: string;
  readonly cniConf: string;
  readonly cniState: string;
  readonly staticManifests: string;
  /** Below the cgroup mount points: all pods of this data directory, of nobody else. */
  readonly cgroupRoot: string;
}

export function pathsOf(dataDir: string): Paths {
  const agent = join(dataDir, "agent");
  return {
    dataDir,
    pidFile: join(dataDir, "minik.pid"),
    bin: join(dataDir, "bin"),
    tls: join(dataDir, "server/tls"),
    database: join(dataDir, "server/db/state.db"),
    identity: join(dataDir, "server/identity"),
    adminKubeconfig: join(dataDir, "server/admin.kubeconfig"),
    agent,
    containerdRoot: join(agent, "containerd"),
    containerdState: join(agent, "run"),
    images: join(agent, "images"),
    kubeletRoot: join(agent, "kubelet"),
    podLogs: join(agent, "logs/pods"),
    cniConf: join(agent, "etc/cni/net.d"),
    cniState: join(agent, "cni"),
    staticManifests: join(agent, "pod-manifests"),
    cgroupRoot: `/minik-${createHash("sha256").update(dataDir).digest("hex").slice(0, 8)}`,
  };
}
