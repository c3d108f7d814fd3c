import { readFile, statfs } from "node:fs/promises";
import { release } from "node:os";

/** What the machine allows containers to be given. */
export interface HostFacts {
  /** Whether this process may lower the OOM score of others. Nested environments often take that away from root. */
  readonly canLowerOomScore: boolean;
  /** Whether containers may bind ports below 1024 and ping without capabilities (net sysctls of a network namespace). */
  readonly unprivilegedNet: boolean;
  /** Whether overlayfs can be mounted on the file system of `root`: not on another overlay. */
  readonly overlayfs: boolean;
}

const CAP_SYS_RESOURCE = 24n;
const OVERLAYFS_MAGIC = 0x794c7630;

/** @param root an existing directory */
export async function readHostFacts(root: string): Promise<HostFacts> {
  const [status, uidMap, fs] = await Promise.all([
    readFile("/proc/self/status", "utf8"),
    readFile("/proc/self/uid_map", "utf8"),
    statfs(root),
  ]);
  return {
    canLowerOomScore: hasCapability(status, CAP_SYS_RESOURCE),
    unprivilegedNet: kernelAtLeast(release(), 4, 11) && /^\s*0\s+0\s+4294967295\s*$/.test(uidMap.trim()),
    overlayfs: fs.type !== OVERLAYFS_MAGIC,
  };
}

function hasCapability(status: string, capability: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n;
}

function kernelAtLeast(text: string, major: number, minor: number): boolean {
  const [a = 0, b = 0] = text.split(/[.-]/).map(Number);
  return a > major || (a === major && b >= minor);
}
