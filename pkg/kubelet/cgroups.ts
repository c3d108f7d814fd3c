import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { CgroupHierarchy } from "./cgroup-hierarchy.ts";
import { type QosClass, qosClassOf } from "./qos.ts";
import { cpuShares, podAmounts, podCgroupLimits, type PodCgroupLimits } from "./resources.ts";

/** What pods are limited by; a controller that the machine does not have is done without. */
const USED = ["cpu", "memory", "pids"] as const;
/** Where runc puts containers of v2 needs these in every ancestor. */
const DELEGATED = ["cpuset", "cpu", "io", "memory", "hugetlb", "pids"];

/**
 * The cgroups above containers, which the runtime makes and fills itself:
 *
 *   <root>/kubepods                          everything that Kubernetes runs
 *                  /pod<uid>                 Guaranteed
 *                  /burstable/pod<uid>
 *                  /besteffort/pod<uid>
 */
export class PodCgroups {
  readonly #hierarchy: CgroupHierarchy;
  readonly #root: string;
  readonly #podPidsLimit: number | undefined;
  readonly #log: Logger;
  /** Cgroups that are known to be there. */
  readonly #made = new Set<string>();
  /** Cgroups on v2 that hand their controllers down. */
  readonly #delegating = new Set<string>();
  /** Requested cpu of Burstable pods by uid, in thousandths. */
  readonly #burstable = new Map<string, number>();
  #burstableShares = 0;

  constructor(parts: {
    readonly hierarchy: CgroupHierarchy;
    /** Below the hierarchy's mount point; "/" unless told. Several nodes on one machine need one each. */
    readonly root?: string;
    /** Processes that one pod may have; no limit unless told. */
    readonly podPidsLimit?: number;
    readonly log: Logger;
  }) {
    this.#hierarchy = parts.hierarchy;
    this.#root = join("/", parts.root ?? "/");
    this.#podPidsLimit = parts.podPidsLimit;
    this.#log = parts.log;
  }

  /** Makes the cgroups of the classes. Rejects when the machine does not let us. */
  async start(limits: { readonly memoryBytes?: number; readonly milliCpu?: number } = {}): Promise<void> {
    const top = this.#path();
    await this.#make(top);
    if (limits.milliCpu !== undefined) await this.#setShares(top, cpuShares(limits.milliCpu));
    if (limits.memoryBytes !== undefined) await this.#setMemory(top, limits.memoryBytes);
    await this.#make(this.#path("Burstable"));
    await this.#make(this.#path("BestEffort"));
    await this.#setShares(this.#path("BestEffort"), 2);
  }

  /** The cgroup of a pod as the runtime's cgroupfs driver is given it: an absolute path below the mount points. */
  parentOf(pod: Pod): string {
    return join(this.#path(qosClassOf(pod)), `pod${pod.metadata.uid}`);
  }

  /** Makes the pod's cgroup with its limits; cheap when it is there. */
  async ensure(pod: Pod): Promise<void> {
    const path = this.parentOf(pod);
    if (this.#made.has(path)) return;
    await this.#make(path);
    await this.apply(path, podCgroupLimits(pod));
    if (this.#podPidsLimit !== undefined) await this.#write("pids", path, "pids.max", String(this.#podPidsLimit));
    if (qosClassOf(pod) !== "Burstable") return;
    this.#burstable.set(pod.metadata.uid, podAmounts(pod, "requests")["cpu"] ?? 0);
    await this.#weighBurstable();
  }

  /** Sets limits of an existing cgroup (also when a pod is resized). */
  async apply(path: string, limits: PodCgroupLimits): Promise<void> {
    await this.#setShares(path, limits.cpuShares);
    if (limits.cpuQuotaUs !== undefined) await this.#setQuota(path, limits.cpuQuotaUs, limits.cpuPeriodUs);
    if (limits.memoryLimitBytes !== undefined) await this.#setMemory(path, limits.memoryLimitBytes);
  }

  /** Removes the pod's cgroups; rejects when processes are left in them. */
  async remove(podUid: string): Promise<void> {
    for (const qos of ["Guaranteed", "Burstable", "BestEffort"] as const) {
      const path = join(this.#path(qos), `pod${podUid}`);
      this.#made.delete(path);
      await Promise.all(this.#hierarchy.mounts.map((mount) => removeTree(join(mount, path))));
    }
    if (this.#burstable.delete(podUid)) await this.#weighBurstable();
  }

  /** Uids of pods that have a cgroup. */
  async pods(): Promise<readonly string[]> {
    const uids = new Set<string>();
    for (const mount of this.#mounts()) {
      for (const qos of ["Guaranteed", "Burstable", "BestEffort"] as const) {
        const names = await readdir(join(mount, this.#path(qos))).catch(() => []);
        for (const name of names) if (name.startsWith("pod")) uids.add(name.slice("pod".length));
      }
    }
    return [...uids];
  }

  /** Where a cgroup's files of a controller lie; undefined without that controller. */
  directory(controller: string, path: string): string | undefined {
    const mount = this.#hierarchy.controllers.get(controller);
    return mount === undefined ? undefined : join(mount, path);
  }

  #path(qos: QosClass = "Guaranteed"): string {
    const top = join(this.#root, "kubepods");
    return qos === "Guaranteed" ? top : join(top, qos.toLowerCase());
  }

  /** One mount point per hierarchy that holds a controller we use. */
  #mounts(): string[] {
    const mounts = USED.map((name) => this.#hierarchy.controllers.get(name));
    return [...new Set(mounts.filter((mount) => mount !== undefined))];
  }

  async #make(path: string): Promise<void> {
    if (this.#made.has(path)) return;
    for (const mount of this.#mounts()) {
      await mkdir(join(mount, path), { recursive: true });
      if (this.#hierarchy.version === 2) await this.#delegate(mount, path);
    }
    this.#made.add(path);
  }

  /** On v2 a controller works in a cgroup only when every ancestor hands it down. */
  async #delegate(mount: string, path: string): Promise<void> {
    const parts = path.split("/").filter((part) => part !== "");
    const names = DELEGATED.filter((name) => this.#hierarchy.controllers.has(name));
    for (let depth = 0; depth <= parts.length; depth++) {
      const ancestor = join("/", ...parts.slice(0, depth));
      if (this.#delegating.has(ancestor)) continue;
      const file = join(mount, ancestor, "cgroup.subtree_control");
      const enabled = new Set((await readFile(file, "utf8")).trim().split(" "));
      const wanted = names.filter((name) => !enabled.has(name));
      if (wanted.length > 0) await enable(join(mount, ancestor), wanted);
      // A pod's own cgroup is made once; remembering it would only fill memory.
      if (depth < parts.length) this.#delegating.add(ancestor);
    }
  }

  async #weighBurstable(): Promise<void> {
    const shares = cpuShares([...this.#burstable.values()].reduce((sum, milli) => sum + milli, 0));
    if (shares === this.#burstableShares) return;
    this.#burstableShares = shares;
    await this.#setShares(this.#path("Burstable"), shares);
  }

  async #setShares(path: string, shares: number): Promise<void> {
    if (this.#hierarchy.version === 1) await this.#write("cpu", path, "cpu.shares", String(shares));
    else await this.#write("cpu", path, "cpu.weight", String(cpuWeight(shares)));
  }

  async #setQuota(path: string, quotaUs: number, periodUs: number): Promise<void> {
    if (this.#hierarchy.version === 2) {
      await this.#write("cpu", path, "cpu.max", `${quotaUs} ${periodUs}`);
      return;
    }
    await this.#write("cpu", path, "cpu.cfs_period_us", String(periodUs));
    await this.#write("cpu", path, "cpu.cfs_quota_us", String(quotaUs));
  }

  async #setMemory(path: string, bytes: number): Promise<void> {
    const file = this.#hierarchy.version === 1 ? "memory.limit_in_bytes" : "memory.max";
    await this.#write("memory", path, file, String(bytes));
  }

  async #write(controller: string, path: string, file: string, value: string): Promise<void> {
    const dir = this.directory(controller, path);
    if (dir === undefined) return;
    await writeFile(join(dir, file), value).catch((err: NodeJS.ErrnoException) => {
      // Kernels without CFS bandwidth or swap accounting lack the file; the limit is then not enforceable here.
      if (err.code !== "ENOENT" && err.code !== "EACCES") throw err;
      this.#log.debug("cgroup limit not set", { file: join(dir, file), err });
    });
  }
}

async function enable(dir: string, controllers: readonly string[]): Promise<void> {
  const text = controllers.map((name) => `+${name}`).join(" ");
  await writeFile(join(dir, "cgroup.subtree_control"), text).catch((err: unknown) => {
    throw new Error(
      `Cannot hand cgroup controllers ${controllers.join(", ")} down from ${dir}: processes must not be in a cgroup that has children`,
      { cause: err },
    );
  });
}

/** cpu.weight of cpu.shares, so that 1024 shares are the default weight of 100 (as runc and crun now convert). */
export function cpuWeight(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const l = Math.log2(shares);
  return Math.ceil(10 ** ((l * l + 125 * l) / 612 - 7 / 34));
}

/** A cgroup is removed by rmdir, children first; its files go with it. */
async function removeTree(dir: string): Promise<void> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((err: NodeJS.ErrnoException) => {
    if (err.code === "ENOENT") return [];
    throw err;
  });
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(dir, entry.name));
  await rmdir(dir).catch((err: NodeJS.ErrnoException) => {
    if (err.code !== "ENOENT") throw err;
  });
}
