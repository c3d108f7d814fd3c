import { readFile, writeFile } from "node:fs/promises";
import type { Paths } from "./paths.ts";

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    return (err as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Boot-relative start of a process: tells it from a later one with the same pid. */
async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** Notes that this process serves the data directory. */
export async function writePidFile(paths: Paths): Promise<void> {
  await writeFile(paths.pidFile, `${process.pid} ${await startTime(process.pid)}\n`, { mode: 0o600 });
}

/** The process that serves the data directory now. */
export async function runningServer(paths: Paths): Promise<number | undefined> {
  const [pid, started] = (await readFile(paths.pidFile, "utf8").catch(() => "")).trim().split(" ");
  if (pid === undefined || started === undefined || (await startTime(Number(pid))) !== started) return undefined;
  return Number(pid);
}
