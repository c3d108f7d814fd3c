import { readFile } from "node:fs/promises";
import { run } from "#pkg/process/index.ts";

/** Changes what is mounted, through mount(8) and umount(8). */
export interface Mounter {
  /** Binds a file or directory. `source` is not resolved again: it may be a /proc/<pid>/fd path that pins an inode. */
  bind(source: string, target: string): Promise<void>;
  mount(type: string, source: string, target: string, options: readonly string[]): Promise<void>;
  /** Mount points at or below `dir`, deepest first. */
  below(dir: string): Promise<readonly string[]>;
  unmount(targets: readonly string[]): Promise<void>;
}

export function createMounter(): Mounter {
  return {
    async bind(source, target) {
      await run(["mount", "--no-canonicalize", "--bind", source, target]);
    },
    async mount(type, source, target, options) {
      const flags = options.length === 0 ? [] : ["-o", options.join(",")];
      await run(["mount", "-t", type, ...flags, source, target]);
    },
    async below(dir) {
      return mountPointsBelow(await readFile("/proc/self/mountinfo", "utf8"), dir);
    },
    async unmount(targets) {
      if (targets.length === 0) return;
      // --no-canonicalize: a mount point is taken as the kernel names it, links on the way are not followed.
      await run(["umount", "--no-canonicalize", ...targets]);
    },
  };
}

/** The mount points of a mountinfo text that are `dir` or below it, last mounted and deepest first. */
export function mountPointsBelow(mountinfo: string, dir: string): string[] {
  const found: string[] = [];
  for (const line of mountinfo.split("\n")) {
    const field = line.split(" ")[4];
    if (field === undefined) continue;
    const path = field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (path === dir || path.startsWith(`${dir}/`)) found.push(path);
  }
  return found.reverse().sort((a, b) => b.length - a.length);
}
