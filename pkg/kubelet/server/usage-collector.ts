import type { ContainerStats, CriClient, PodSandboxStats } from "#pkg/cri/index.ts";
import {
  type CpuUsage,
  type FilesystemUsage,
  filesystemOf,
  type MemoryUsage,
  nodeCpu,
  nodeMemory,
} from "./node-usage.ts";

/** Collected at most this often; readers in between share the answer. */
const FRESH_MS = 1_000;
const NAME_LABEL = "io.kubernetes.pod.name";
const NAMESPACE_LABEL = "io.kubernetes.pod.namespace";
const UID_LABEL = "io.kubernetes.pod.uid";
const CONTAINER_LABEL = "io.kubernetes.container.name";

export interface Usage {
  readonly timeMs: number;
  readonly coreNanoSeconds: number;
  /** Nanoseconds of cpu per second, once there are two samples. */
  readonly nanoCores?: number;
  readonly workingSetBytes: number;
  readonly usageBytes: number;
  readonly rssBytes: number;
}

export interface ContainerUsage extends Usage {
  readonly name: string;
  /** Of the writable layer. */
  readonly diskBytes: number;
  readonly inodes: number;
}

export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly containers: readonly ContainerUsage[];
  readonly network?: { readonly name: string; readonly rxBytes: number; readonly txBytes: number };
}

export interface NodeUsage {
  readonly cpu: CpuUsage & { readonly nanoCores?: number };
  readonly memory: MemoryUsage;
  readonly fs: FilesystemUsage;
  readonly pods: readonly PodUsage[];
}

/** What the node, its pods and containers use now, from the runtime and /proc. */
export class UsageCollector {
  readonly #cri: Pick<CriClient, "runtime">;
  readonly #root: string;
  /** The last cpu reading by container id (and "" for the node), for rates. */
  #samples = new Map<string, CpuUsage>();
  #last: { readonly atMs: number; readonly usage: Promise<NodeUsage> } | undefined;

  constructor(parts: {
    readonly cri: Pick<CriClient, "runtime">;
    /** The kubelet's directory, whose filesystem is the node's. */
    readonly root: string;
  }) {
    this.#cri = parts.cri;
    this.#root = parts.root;
  }

  async collect(): Promise<NodeUsage> {
    if (this.#last === undefined || Date.now() - this.#last.atMs > FRESH_MS) {
      const usage = this.#read();
      usage.catch(() => (this.#last = undefined));
      this.#last = { atMs: Date.now(), usage };
    }
    return await this.#last.usage;
  }

  async #read(): Promise<NodeUsage> {
    const [cpu, memory, fs, { stats = [] }, sandboxes] = await Promise.all([
      nodeCpu(),
      nodeMemory(),
      filesystemOf(this.#root),
      this.#cri.runtime.listContainerStats({}),
      this.#sandboxStats(),
    ]);
    const samples = new Map<string, CpuUsage>([["", cpu]]);
    const rate = this.#rate("", cpu);
    const pods = new Map<string, PodUsage & { containers: ContainerUsage[] }>();
    for (const stat of stats) {
      const labels = stat.attributes?.labels ?? {};
      const uid = labels[UID_LABEL];
      // A container that has ended uses nothing, and the runtime gives no time of a reading.
      if (uid === undefined || (stat.cpu?.timestamp ?? 0) === 0) continue;
      const pod = pods.get(uid) ?? {
        namespace: labels[NAMESPACE_LABEL] ?? "",
        name: labels[NAME_LABEL] ?? "",
        uid,
        containers: [],
        ...networkOf(sandboxes.get(uid)),
      };
      pods.set(uid, pod);
      pod.containers.push(this.#containerUsage(stat, samples));
    }
    this.#samples = samples;
    return { cpu: { ...cpu, ...rate }, memory, fs, pods: [...pods.values()] };
  }

  /** Runtimes before CRI's sandbox statistics have none: pods then show no network. */
  async #sandboxStats(): Promise<Map<string, PodSandboxStats>> {
    const { stats = [] } = await this.#cri.runtime.listPodSandboxStats({}).catch(() => ({ stats: [] }));
    return new Map(stats.map((stat) => [stat.attributes?.metadata?.uid ?? "", stat]));
  }

  #containerUsage(stat: ContainerStats, samples: Map<string, CpuUsage>): ContainerUsage {
    const id = stat.attributes?.id ?? "";
    const sample: CpuUsage = {
      timeMs: Math.round((stat.cpu?.timestamp ?? 0) / 1e6),
      coreNanoSeconds: stat.cpu?.usageCoreNanoSeconds?.value ?? 0,
    };
    samples.set(id, sample);
    const workingSetBytes = stat.memory?.workingSetBytes?.value ?? 0;
    const given = stat.cpu?.usageNanoCores?.value;
    return {
      ...sample,
      ...(given === undefined ? this.#rate(id, sample) : { nanoCores: given }),
      name: stat.attributes?.labels?.[CONTAINER_LABEL] ?? "",
      workingSetBytes,
      usageBytes: stat.memory?.usageBytes?.value ?? workingSetBytes,
      rssBytes: stat.memory?.rssBytes?.value ?? 0,
      diskBytes: stat.writableLayer?.usedBytes?.value ?? 0,
      inodes: stat.writableLayer?.inodesUsed?.value ?? 0,
    };
  }

  #rate(id: string, now: CpuUsage): { nanoCores?: number } {
    const before = this.#samples.get(id);
    if (before === undefined || now.timeMs <= before.timeMs) return {};
    const used = now.coreNanoSeconds - before.coreNanoSeconds;
    return { nanoCores: Math.max(0, Math.round((used * 1000) / (now.timeMs - before.timeMs))) };
  }
}

function networkOf(stats: PodSandboxStats | undefined): Pick<PodUsage, "network"> {
  const found = stats?.linux?.network?.defaultInterface;
  if (found === undefined) return {};
  const { name = "eth0", rxBytes, txBytes } = found;
  return { network: { name, rxBytes: rxBytes?.value ?? 0, txBytes: txBytes?.value ?? 0 } };
}
