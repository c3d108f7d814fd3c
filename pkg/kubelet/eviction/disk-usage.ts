import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

const BLOCK_BYTES = 512;

/** Bytes that a directory takes on its disk, as du(1) counts: links not followed, hard links once, one filesystem. */
export async function diskUsage(dir: string): Promise<number> {
  const root = await lstat(dir).catch(() => undefined);
  if (root === undefined) return 0;
  const seen = new Set<number>();
  const usageOf = async (path: string): Promise<number> => {
    // Whatever goes away while it is counted takes nothing.
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined || found.dev !== root.dev || seen.has(found.ino)) return 0;
    seen.add(found.ino);
    let bytes = found.blocks * BLOCK_BYTES;
    if (!found.isDirectory()) return bytes;
    for (const name of await readdir(path).catch(() => [])) bytes += await usageOf(join(path, name));
    return bytes;
  };
  return await usageOf(dir);
}
