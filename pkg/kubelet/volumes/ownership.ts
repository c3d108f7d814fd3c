import { chmod, lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/**
 * Gives a volume that may hold data already to `gid`: everything readable and writable by the group, new files in
 * directories belong to it. Links are changed themselves, never followed. With policy OnRootMismatch a volume whose root
 * is right already is left alone.
 */
export async function setVolumeOwnership(
  dir: string,
  gid: number,
  options: { readonly policy?: string; readonly readOnly: boolean },
): Promise<void> {
  const root = await lstat(dir);
  if (options.policy === "OnRootMismatch" && root.gid === gid && (root.mode & 0o2060) === 0o2060) return;
  await own(dir, gid, options.readOnly);
}

async function own(path: string, gid: number, readOnly: boolean): Promise<void> {
  const stats = await lstat(path);
  await lchown(path, stats.uid, gid);
  if (stats.isSymbolicLink()) return;
  const group = readOnly ? 0o440 : 0o660;
  await chmod(path, (stats.mode & 0o7777) | group | (stats.isDirectory() ? 0o2110 : 0));
  if (!stats.isDirectory()) return;
  for (const name of await readdir(path)) await own(join(path, name), gid, readOnly);
}
