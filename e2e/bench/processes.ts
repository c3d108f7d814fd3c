import { readdir, readFile } from "node:fs/promises";

/** Not the server's own: the container runtime and what runs in its containers. */
const RUNTIME = /^(containerd|runc|crun)/;
/** USER_HZ: the unit of times in /proc, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  readonly parent: number;
  readonly cpuSeconds: number;
}

async function readStat(pid: number): Promise<ProcessStat | undefined> {
  // A process may end between being listed and being read.
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const name = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  // proc(5), counted from the state: ppid 1, utime 11, stime 12.
  const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]];
  return { pid, name, parent, cpuSeconds: (user + system) / TICKS_PER_SECOND };
}

/** A process and its descendants without the container runtime and whatever that started. */
export async function processesOf(root: number): Promise<readonly ProcessStat[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 0);
  const all = (await Promise.all(pids.map(readStat))).filter((stat) => stat !== undefined);
  const found = all.filter(({ pid }) => pid === root);
  for (const parent of found)
    found.push(...all.filter((stat) => stat.parent === parent.pid && !RUNTIME.test(stat.name)));
  return found;
}

/** Resident bytes, pages that are shared with other processes counted whole. */
export async function residentBytes(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Rss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN) * 1024;
}
