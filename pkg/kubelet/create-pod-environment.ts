import { readdir } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import type { Pod, Service } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { findCgroups } from "./cgroup-hierarchy.ts";
import { PodCgroups } from "./cgroups.ts";
import type { ClusterDns } from "./dns-config.ts";
import { createMounter } from "./mounter.ts";
import { ObjectCache } from "./object-cache.ts";
import { PodDirs } from "./pod-dirs.ts";
import { NodePodEnvironment } from "./pod-environment.ts";
import { TokenManager } from "./token-manager.ts";
import type { PodEnvironment, PodManager } from "./types.ts";
import type { VolumeImages } from "./volumes/image.ts";
import { volumePlugins } from "./volumes/plugins.ts";
import { VolumeManager } from "./volumes/volume-manager.ts";

export interface PodEnvironmentOptions {
  readonly client: Client;
  readonly log: Logger;
  /** Holds pods/, tmpfs/ and seccomp/: "<data dir>/agent/kubelet". */
  readonly root: string;
  /** "/var/log/pods" */
  readonly logRoot: string;
  /** Where kubepods lies below the cgroup mount points: "/" unless told. Several nodes of a machine need one each. */
  readonly cgroupRoot?: string;
  readonly podPidsLimit?: number;
  readonly clusterDns: ClusterDns;
  /** "/etc/resolv.conf" unless told. */
  readonly resolvConf?: string;
  /** All Services; throws while they have not been read once. */
  readonly services: () => Iterable<Service>;
  readonly hostIPs: () => readonly string[];
  readonly allocatable: () => Readonly<Record<string, string>>;
  /** Writes an Event about a pod. */
  readonly event: (pod: Pod, type: "Normal" | "Warning", reason: string, message: string) => void;
  /** The runtime's feature of that name. */
  readonly recursiveReadOnly?: boolean;
  /** Absent where the runtime cannot mount images. */
  readonly images?: VolumeImages;
  /** Told of pods whose ConfigMaps or Secrets changed: they may have been waiting for that. */
  readonly changed?: (podUid: string) => void;
  /** What the API knows of pods' addresses, for volumes that show them. */
  readonly pods: Pick<PodManager, "byUid">;
}

/** Looks at the machine and builds the environment of its pods. */
export async function createPodEnvironment(options: PodEnvironmentOptions): Promise<PodEnvironment> {
  const { client, log } = options;
  const hierarchy = await findCgroups();
  const dirs = new PodDirs({ root: options.root, logRoot: options.logRoot });
  const mounter = createMounter();
  const tokens = new TokenManager({ client });
  const objectsChanged = (podUids: readonly string[]): void => {
    volumes.changed(podUids);
    for (const uid of podUids) options.changed?.(uid);
  };
  const objects = new ObjectCache({ client, log, changed: objectsChanged });
  const volumes = new VolumeManager({
    log,
    failed: (pod, message) => options.event(pod, "Warning", "FailedMount", message),
    plugins: volumePlugins({
      client,
      dirs,
      mounter,
      objects,
      tokens,
      images: options.images,
      downward: {
        allocatable: options.allocatable,
        facts: (pod) => ({
          hostIPs: options.hostIPs(),
          podIPs: (options.pods.byUid(pod.metadata.uid)?.status?.podIPs ?? []).map(({ ip }) => ip),
        }),
      },
    }),
  });
  const cgroups = new PodCgroups({
    hierarchy,
    log,
    ...(options.cgroupRoot === undefined ? {} : { root: options.cgroupRoot }),
    ...(options.podPidsLimit === undefined ? {} : { podPidsLimit: options.podPidsLimit }),
  });
  return new NodePodEnvironment({
    log,
    dirs,
    mounter,
    cgroups,
    objects,
    tokens,
    volumes,
    clusterDns: options.clusterDns,
    resolvConf: options.resolvConf ?? "/etc/resolv.conf",
    seccompRoot: join(options.root, "seccomp"),
    resourceFacts: {
      memoryCapacityBytes: totalmem(),
      cgroupVersion: hierarchy.version,
      hugepageSizes: hierarchy.controllers.has("hugetlb") ? await hugepageSizes() : [],
    },
    recursiveReadOnly: options.recursiveReadOnly ?? false,
    services: options.services,
    hostIPs: options.hostIPs,
    allocatable: options.allocatable,
    event: options.event,
    nodeLimits: {},
  });
}

/** Page sizes of the kernel as resources name them: "2Mi", "1Gi". */
async function hugepageSizes(): Promise<string[]> {
  const names = await readdir("/sys/kernel/mm/hugepages").catch(() => []);
  const sizes = names.map((name) => Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0)).filter((kib) => kib > 0);
  return sizes.map((kib) =>
    kib % 2 ** 20 === 0 ? `${kib / 2 ** 20}Gi` : kib % 1024 === 0 ? `${kib / 1024}Mi` : `${kib}Ki`,
  );
}
