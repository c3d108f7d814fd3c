import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readFile, realpath, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import type { Mounter } from "./mounter.ts";
import { PodError } from "./types.ts";

// Not in Node's table; the same on every Linux that Node runs on.
const O_PATH = 0o10000000;
const WALK = O_PATH | constants.O_NOFOLLOW;

/**
 * Binds `<volume>/<subPath>` to `target`, made as a directory when it is missing. Whoever can write to the volume may
 * swap parts of the path for links at any moment, so the path is resolved once, walked without following links from an
 * open directory, and what was opened is bound by its descriptor.
 */
export async function bindSubPath(
  mounter: Mounter,
  request: { readonly volume: string; readonly subPath: string; readonly target: string },
): Promise<void> {
  const handle = await openInside(request.volume, request.subPath);
  try {
    const source = await handle.stat();
    await mkdir(dirname(request.target), { recursive: true, mode: 0o750 });
    if (await isMounted(mounter, request.target)) {
      const there = await stat(request.target);
      if (there.dev === source.dev && there.ino === source.ino) return;
      // The path means something else since the last instance of the container: a ConfigMap's file was replaced.
      await mounter.unmount([request.target]);
    }
    await removeEmpty(request.target);
    if (source.isDirectory()) await mkdir(request.target, { mode: 0o750 });
    else await writeFile(request.target, "", { mode: 0o640 });
    await mounter.bind(`/proc/${process.pid}/fd/${handle.fd}`, request.target);
  } finally {
    await handle.close();
  }
}

async function isMounted(mounter: Mounter, target: string): Promise<boolean> {
  return (await mounter.below(target)).includes(target);
}

/** Removes what an earlier mount left behind: an empty directory or file. What is not empty is still in use. */
async function removeEmpty(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return;
  if (found.isDirectory()) await rmdir(path);
  else if (found.size === 0) await unlink(path);
  else throw new Error(`${path} is not empty`);
}

/** Opens (O_PATH) what the path means inside the volume, making missing directories; never anything outside. */
async function openInside(volume: string, subPath: string): Promise<FileHandle> {
  const root = await realpath(volume);
  const { mode, gid } = await stat(root);
  const parts = await resolvedParts(root, subPath);
  let handle = await open(root, WALK | constants.O_DIRECTORY);
  for (const part of parts) {
    const path = `/proc/self/fd/${handle.fd}/${part}`;
    try {
      const next = await open(path, WALK).catch(async (err: NodeJS.ErrnoException) => {
        if (err.code !== "ENOENT") throw err;
        await makeDirectory(path, mode & 0o7777, gid);
        return await open(path, WALK);
      });
      await handle.close();
      handle = next;
      if ((await handle.stat()).isSymbolicLink()) throw escape(subPath, volume);
    } catch (err) {
      await handle.close().catch(() => undefined);
      throw err;
    }
  }
  return handle;
}

async function makeDirectory(path: string, mode: number, gid: number): Promise<void> {
  await mkdir(path, { mode });
  // mkdir's mode passes through the umask; the volume's own mode and group are what its users expect.
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY);
  try {
    await handle.chmod(mode);
    if (gid !== 0) await handle.chown(0, gid);
  } finally {
    await handle.close();
  }
}

/** The path's segments below `root` after links, which may point anywhere inside the volume. */
async function resolvedParts(root: string, subPath: string): Promise<string[]> {
  const wanted = subPath.split("/").filter((part) => part !== "" && part !== ".");
  if (wanted.includes("..")) throw escape(subPath, root);
  // The longest part that exists is resolved; the rest is made.
  for (let known = wanted.length; known >= 0; known--) {
    const real = await realpath(resolve(root, ...wanted.slice(0, known))).catch((err: NodeJS.ErrnoException) => {
      if (err.code === "ENOENT") return undefined;
      throw err;
    });
    if (real === undefined) continue;
    const inside = relative(root, real);
    if (inside === ".." || inside.startsWith("../")) throw escape(subPath, root);
    return [...inside.split("/"), ...wanted.slice(known)].filter((part) => part !== "");
  }
  return wanted;
}

function escape(subPath: string, volume: string): PodError {
  return new PodError("Failed", `subpath "${subPath}" not within volume path "${volume}"`, {
    waiting: "CreateContainerConfigError",
  });
}

/** The text of a file inside a volume, up to 64 KiB; undefined when it is not there. Links out of it are refused. */
export async function readInside(volume: string, path: string): Promise<string | undefined> {
  const root = await realpath(volume);
  const real = await realpath(resolve(root, path)).catch(() => undefined);
  if (real === undefined) return undefined;
  if (relative(root, real).startsWith("..")) throw escape(path, volume);
  return (await readFile(real)).subarray(0, 65_536).toString();
}
