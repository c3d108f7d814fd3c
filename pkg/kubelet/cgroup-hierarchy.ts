import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { mountPointsBelow } from "./mounter.ts";

/** The cgroup filesystems of this machine. */
export interface CgroupHierarchy {
  /** 1 when cpu or memory are mounted as cgroup v1 hierarchies, whatever else is there. */
  readonly version: 1 | 2;
  /** Mount point by controller ("cpu", "memory", "pids" …); on v2 all the same. Only what can be used. */
  readonly controllers: ReadonlyMap<string, string>;
  /** Every mounted cgroup hierarchy, named ones and a v2 beside v1 included: cgroups are removed from all. */
  readonly mounts: readonly string[];
}

/** Finds what is mounted where, also inside a container, where hierarchies may be mounted anywhere or not at all. */
export async function findCgroups(): Promise<CgroupHierarchy> {
  const mountinfo = await readFile("/proc/self/mountinfo", "utf8");
  const unified = cgroup2Mount(mountinfo);
  const v2 = unified === undefined ? "" : await readFile(join(unified, "cgroup.controllers"), "utf8").catch(() => "");
  return parseCgroups(mountinfo, v2);
}

function cgroup2Mount(mountinfo: string): string | undefined {
  return cgroupMounts(mountinfo).find((mount) => mount.type === "cgroup2")?.path;
}

/** `v2Controllers` is the text of cgroup.controllers at the root of the cgroup v2 mount. */
export function parseCgroups(mountinfo: string, v2Controllers: string): CgroupHierarchy {
  const found = cgroupMounts(mountinfo);
  const v1 = new Map<string, string>();
  for (const { type, path, options } of found) {
    if (type !== "cgroup") continue;
    for (const option of options) if (!/^(rw|ro|name=.*|xattr|clone_children)$/.test(option)) v1.set(option, path);
  }
  const mounts = [...new Set(found.map((mount) => mount.path))];
  if (v1.has("cpu") || v1.has("memory")) return { version: 1, controllers: v1, mounts };
  const unified = found.find((mount) => mount.type === "cgroup2")?.path;
  if (unified === undefined) return { version: 2, controllers: new Map(), mounts };
  const names = v2Controllers.split(/\s+/).filter((name) => name !== "");
  return { version: 2, controllers: new Map(names.map((name) => [name, unified])), mounts };
}

function cgroupMounts(mountinfo: string): { type: string; path: string; options: string[] }[] {
  const found: { type: string; path: string; options: string[] }[] = [];
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [type = "", , options = ""] = after.split(" ");
    if (type !== "cgroup" && type !== "cgroup2") continue;
    const path = mountPointsBelow(before, "")[0];
    if (path !== undefined) found.push({ type, path, options: options.split(",") });
  }
  return found;
}
