import { readFile, statfs } from "node:fs/promises";

/** cpu as the summary API has it. */
export interface CpuUsage {
  readonly timeMs: number;
  /** Since the machine or container started. */
  readonly coreNanoSeconds: number;
}

export interface MemoryUsage {
  readonly timeMs: number;
  readonly totalBytes: number;
  readonly availableBytes: number;
  readonly usageBytes: number;
  readonly workingSetBytes: number;
  readonly rssBytes: number;
}

export interface FilesystemUsage {
  readonly timeMs: number;
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

/** All cores together, from /proc/stat (in hundredths of a second). */
export function parseProcStat(text: string, timeMs: number): CpuUsage {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (text.split("\n")[0] ?? "")
    .split(/\s+/)
    .map(Number);
  return { timeMs, coreNanoSeconds: (user + nice + system + irq + softirq) * 10_000_000 };
}

/** What upstream calls the working set is what cannot be given up: all that is used but inactive file cache. */
export function parseMeminfo(text: string, timeMs: number): MemoryUsage {
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * 1024;
  const totalBytes = bytes("MemTotal");
  const usageBytes = totalBytes - bytes("MemFree");
  const workingSetBytes = Math.max(0, usageBytes - bytes("Inactive\\(file\\)"));
  return {
    timeMs,
    totalBytes,
    usageBytes,
    workingSetBytes,
    availableBytes: totalBytes - workingSetBytes,
    rssBytes: bytes("AnonPages"),
  };
}

export async function nodeCpu(): Promise<CpuUsage> {
  return parseProcStat(await readFile("/proc/stat", "utf8"), Date.now());
}

export async function nodeMemory(): Promise<MemoryUsage> {
  return parseMeminfo(await readFile("/proc/meminfo", "utf8"), Date.now());
}

/** The filesystem that holds `path`. */
export async function filesystemOf(path: string): Promise<FilesystemUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  return {
    timeMs: Date.now(),
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  };
}
