import type { Pod, ResourceRequirements } from "#pkg/api/types/core-v1.ts";
import type { HugepageLimit, LinuxContainerResources } from "#pkg/cri/index.ts";
import { qosClassOf } from "./qos.ts";
import { quantityMilliValue, quantityValue } from "./quantity.ts";
import type { AnyContainer } from "./types.ts";

const CPU_PERIOD_US = 100_000;
const MIN_QUOTA_US = 1000;
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
/** Pods of the system priority classes survive memory pressure as Guaranteed pods do. */
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000;

/** What the machine adds to a container's resources. */
export interface ResourceFacts {
  readonly memoryCapacityBytes: number;
  /** 2 also sets memory.oom.group, so that one killed process ends its container. */
  readonly cgroupVersion: 1 | 2;
  /** Page sizes with a hugetlb cgroup ("2Mi", "1Gi"); each gets a limit, zero unless asked for. */
  readonly hugepageSizes: readonly string[];
}

/** Resources as amounts: cpu in thousandths, everything else in base units. */
export type Amounts = Readonly<Record<string, number>>;

/** cpu.shares of a request in thousandths of a core; nothing requested is the least. */
export function cpuShares(milliCpu: number): number {
  if (milliCpu === 0) return MIN_SHARES;
  return Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor((milliCpu * 1024) / 1000)));
}

/** CFS quota in microseconds for a period of 100 ms; zero when there is no limit. */
export function cpuQuota(milliCpu: number): number {
  if (milliCpu === 0) return 0;
  return Math.max(MIN_QUOTA_US, Math.floor((milliCpu * CPU_PERIOD_US) / 1000));
}

/** The CRI's resources of a container: what cgroups and the OOM killer shall do with it. */
export function containerResources(pod: Pod, container: AnyContainer, facts: ResourceFacts): LinuxContainerResources {
  const limits = container.resources?.limits ?? {};
  const podLimits = pod.spec.resources?.limits ?? {};
  const cpuLimit = quantityMilliValue(limits["cpu"] ?? podLimits["cpu"]);
  // An unset request means "as much as the limit"; the API server has normally filled it in already.
  const cpuRequest = quantityMilliValue(container.resources?.requests?.["cpu"] ?? limits["cpu"]);
  return {
    cpuPeriod: CPU_PERIOD_US,
    cpuQuota: cpuQuota(cpuLimit),
    cpuShares: cpuShares(cpuRequest),
    memoryLimitInBytes: quantityValue(limits["memory"] ?? podLimits["memory"]),
    oomScoreAdj: oomScoreAdjust(pod, container, facts.memoryCapacityBytes),
    hugepageLimits: hugepageLimits(limits, facts.hugepageSizes),
    unified: facts.cgroupVersion === 2 ? { "memory.oom.group": "1" } : {},
  };
}

/** KEP-753 and the OOM score table of "Node-pressure Eviction": the likelier a container dies, the higher. */
export function oomScoreAdjust(pod: Pod, container: AnyContainer, memoryCapacityBytes: number): number {
  const qos = qosClassOf(pod);
  if ((pod.spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY || qos === "Guaranteed") return -997;
  if (qos === "BestEffort") return 1000;
  const own = burstableScore(quantityValue(container.resources?.requests?.["memory"]), memoryCapacityBytes);
  const isSidecar = (pod.spec.initContainers ?? []).some(
    (c) => c.name === container.name && c.restartPolicy === "Always",
  );
  if (!isSidecar) return own;
  // A sidecar must not be killed before the containers it serves.
  const regular = pod.spec.containers.map((c) =>
    burstableScore(quantityValue(c.resources?.requests?.["memory"]), memoryCapacityBytes),
  );
  return Math.min(own, ...regular);
}

function burstableScore(requestBytes: number, capacityBytes: number): number {
  const score = 1000 - Math.floor((1000 * requestBytes) / capacityBytes);
  // Above every Guaranteed container (3), below every BestEffort one (999).
  return Math.min(999, Math.max(3, score));
}

function hugepageLimits(limits: Readonly<Record<string, string>>, sizes: readonly string[]): HugepageLimit[] {
  return sizes.map((size) => ({
    pageSize: size.replace(/i$/, "B"),
    limit: quantityValue(limits[`hugepages-${size}`]),
  }));
}

/** A pod's requests or limits: init containers run one by one, sidecars beside everything after them (KEP-753). */
export function podAmounts(pod: Pod, which: "requests" | "limits"): Amounts {
  const total: Record<string, number> = {};
  for (const container of pod.spec.containers) add(total, amountsOf(container.resources, which));
  const sidecars: Record<string, number> = {};
  const initPeak: Record<string, number> = {};
  for (const container of pod.spec.initContainers ?? []) {
    const own = amountsOf(container.resources, which);
    if (container.restartPolicy === "Always") {
      add(total, own);
      add(sidecars, own);
      raise(initPeak, sidecars);
    } else {
      const running = { ...sidecars };
      add(running, own);
      raise(initPeak, running);
    }
  }
  raise(total, initPeak);
  Object.assign(total, amountsOf(pod.spec.resources, which));
  for (const [name, quantity] of Object.entries(pod.spec.overhead ?? {})) {
    if (which === "requests" || total[name] !== undefined) {
      total[name] = (total[name] ?? 0) + amount(name, quantity);
    }
  }
  return total;
}

/** What the pod's own cgroup gets. Undefined fields are not limited. */
export interface PodCgroupLimits {
  readonly cpuShares: number;
  readonly cpuQuotaUs?: number;
  readonly cpuPeriodUs: number;
  readonly memoryLimitBytes?: number;
}

/** Limits bind the pod only where every container (or the pod itself) has one. */
export function podCgroupLimits(pod: Pod): PodCgroupLimits {
  const requests = podAmounts(pod, "requests");
  const limits = podAmounts(pod, "limits");
  const bounded = (name: string): boolean =>
    pod.spec.resources?.limits?.[name] !== undefined ||
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].every(
      (c) => amount(name, c.resources?.limits?.[name] ?? "0") > 0,
    );
  const base = { cpuPeriodUs: CPU_PERIOD_US };
  if (qosClassOf(pod) === "BestEffort") return { ...base, cpuShares: MIN_SHARES };
  const { cpu, memory } = limits;
  return {
    ...base,
    cpuShares: cpuShares(requests["cpu"] ?? 0),
    ...(cpu !== undefined && bounded("cpu") ? { cpuQuotaUs: cpuQuota(cpu) } : {}),
    ...(memory !== undefined && bounded("memory") ? { memoryLimitBytes: memory } : {}),
  };
}

/** The same as CRI fields, for the sandbox (a hint to runtimes that size virtual machines). */
export function sandboxResources(pod: Pod): LinuxContainerResources {
  const { cpuShares: shares, cpuQuotaUs, cpuPeriodUs, memoryLimitBytes } = podCgroupLimits(pod);
  return {
    cpuPeriod: cpuPeriodUs,
    cpuShares: shares,
    ...(cpuQuotaUs === undefined ? {} : { cpuQuota: cpuQuotaUs }),
    ...(memoryLimitBytes === undefined ? {} : { memoryLimitInBytes: memoryLimitBytes }),
  };
}

/** The pod's RuntimeClass overhead as CRI fields. */
export function sandboxOverhead(pod: Pod): LinuxContainerResources {
  const overhead = pod.spec.overhead ?? {};
  return {
    cpuPeriod: CPU_PERIOD_US,
    cpuShares: overhead["cpu"] === undefined ? 0 : cpuShares(quantityMilliValue(overhead["cpu"])),
    cpuQuota: cpuQuota(quantityMilliValue(overhead["cpu"])),
    memoryLimitInBytes: quantityValue(overhead["memory"]),
  };
}

function amountsOf(resources: ResourceRequirements | undefined, which: "requests" | "limits"): Amounts {
  const quantities = which === "limits" ? (resources?.limits ?? {}) : { ...resources?.limits, ...resources?.requests };
  return Object.fromEntries(Object.entries(quantities).map(([name, text]) => [name, amount(name, text)]));
}

const amount = (name: string, text: string): number =>
  name === "cpu" ? quantityMilliValue(text) : quantityValue(text);

function add(into: Record<string, number>, more: Amounts): void {
  for (const [name, value] of Object.entries(more)) into[name] = (into[name] ?? 0) + value;
}

function raise(into: Record<string, number>, other: Amounts): void {
  for (const [name, value] of Object.entries(other)) into[name] = Math.max(into[name] ?? 0, value);
}
