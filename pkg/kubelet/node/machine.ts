import { readdir, readFile, statfs } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";

/** What this machine is and has; read once at start. */
export interface Machine {
  readonly cpuCount: number;
  readonly memoryBytes: number;
  readonly ephemeralStorageBytes: number;
  /** Page size ("2Mi") to how many bytes are reserved for it. */
  readonly hugepages: Readonly<Record<string, number>>;
  readonly bootId: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** GOARCH */
  readonly architecture: string;
  readonly swapBytes: number;
}

/** @param dataDir whose file system holds images, containers and volumes */
export async function readMachine(dataDir: string): Promise<Machine> {
  const [fs, bootId, machineId, systemUuid, osRelease, hugepages, meminfo] = await Promise.all([
    statfs(dataDir),
    text("/proc/sys/kernel/random/boot_id"),
    text("/etc/machine-id"),
    text("/sys/class/dmi/id/product_uuid"),
    text("/etc/os-release"),
    readHugepages(),
    text("/proc/meminfo"),
  ]);
  return {
    cpuCount: cpus().length || availableParallelism(),
    memoryBytes: totalmem(),
    ephemeralStorageBytes: fs.blocks * fs.bsize,
    hugepages,
    bootId,
    machineId,
    systemUuid: systemUuid === "" ? machineId : systemUuid,
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(osRelease)?.[1] ?? "Linux",
    architecture: process.arch === "x64" ? "amd64" : process.arch,
    swapBytes: Number(/^SwapTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0) * 1024,
  };
}

async function text(path: string): Promise<string> {
  return (await readFile(path, "utf8").catch(() => "")).trim();
}

async function readHugepages(): Promise<Readonly<Record<string, number>>> {
  const root = "/sys/kernel/mm/hugepages";
  const result: Record<string, number> = {};
  for (const name of await readdir(root).catch(() => [])) {
    const kilobytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
    if (kilobytes === 0) continue;
    const count = Number(await text(`${root}/${name}/nr_hugepages`));
    const size =
      kilobytes >= 1024 * 1024
        ? `${kilobytes / 1024 / 1024}Gi`
        : kilobytes >= 1024
          ? `${kilobytes / 1024}Mi`
          : `${kilobytes}Ki`;
    result[size] = count * kilobytes * 1024;
  }
  return result;
}
