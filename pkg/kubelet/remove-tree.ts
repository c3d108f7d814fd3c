import { lstat, readdir, rmdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Mounter } from "./mounter.ts";

/**
 * Unmounts and removes everything below a directory of ours. Links are removed, never followed, and nothing on another
 * filesystem is touched: what could not be unmounted makes this reject instead.
 */
export async function removeTree(mounter: Mounter, dir: string): Promise<void> {
  await mounter.unmount(await mounter.below(dir));
  const left = await mounter.below(dir);
  if (left.length > 0) throw new Error(`Cannot remove ${dir}: ${left[0]} is still mounted`);
  const root = await lstat(dir).catch(() => undefined);
  if (root === undefined) return;
  await remove(dir, root.dev);
}

async function remove(path: string, device: number): Promise<void> {
  const stats = await lstat(path);
  if (stats.dev !== device) throw new Error(`Cannot remove ${path}: it is on another filesystem`);
  if (!stats.isDirectory()) {
    await unlink(path);
    return;
  }
  for (const name of await readdir(path)) await remove(join(path, name), device);
  await rmdir(path);
}
