import type { Stats } from "node:fs";
import { mkdir, stat, writeFile } from "node:fs/promises";
import type { VolumePlugin } from "./types.ts";

/** A path of the node as it is. */
export function hostPathPlugin(): VolumePlugin {
  return {
    name: "host-path",
    supports: (volume) => volume.hostPath !== undefined,
    async setUp(_pod, volume) {
      const { path = "", type = "" } = volume.hostPath ?? {};
      await checkHostPath(path, type);
      return { hostPath: path, readOnly: false, relabel: false };
    },
  };
}

const CHECKS: Readonly<Record<string, readonly [what: string, is: (stats: Stats) => boolean]>> = {
  Directory: ["a directory", (stats) => stats.isDirectory()],
  DirectoryOrCreate: ["a directory", (stats) => stats.isDirectory()],
  File: ["a file", (stats) => stats.isFile()],
  FileOrCreate: ["a file", (stats) => stats.isFile()],
  Socket: ["a socket file", (stats) => stats.isSocket()],
  CharDevice: ["a character device", (stats) => stats.isCharacterDevice()],
  BlockDevice: ["a block device", (stats) => stats.isBlockDevice()],
};

/** Makes what the type says to make, and rejects when the path is not what the type says, in upstream's words. */
export async function checkHostPath(path: string, type: string): Promise<void> {
  if (type === "") return;
  const [what, is] = CHECKS[type] ?? [];
  if (what === undefined || is === undefined) throw new Error(`unknown hostPath type "${type}"`);
  const found = await stats(path);
  if (found === undefined && type === "DirectoryOrCreate") {
    await mkdir(path, { recursive: true, mode: 0o755 });
    return;
  }
  if (found === undefined && type === "FileOrCreate") {
    await writeFile(path, "", { flag: "a", mode: 0o644 });
    return;
  }
  if (found === undefined || !is(found)) throw new Error(`hostPath type check failed: ${path} is not ${what}`);
}

async function stats(path: string): Promise<Stats | undefined> {
  return await stat(path).catch((err: NodeJS.ErrnoException) => {
    if (err.code === "ENOENT") return undefined;
    throw err;
  });
}
