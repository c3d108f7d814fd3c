import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { run } from "#pkg/process/index.ts";

export interface ContainerdVersion {
  readonly major: number;
  readonly minor: number;
  /** As the program tells it: "1.6.20~ds1". */
  readonly text: string;
}

/** The programs of the machine that pods need. */
export interface RuntimePrograms {
  readonly containerd: string;
  readonly ctr: string;
  readonly runc: string;
  readonly cniBinDir: string;
  readonly version: ContainerdVersion;
}

/** A program is not on the machine: one line that names it and the Debian package that has it. */
export class MissingProgramError extends Error {
  readonly code = "MISSING_PROGRAM";
  readonly packageName: string;
  constructor(what: string, packageName: string) {
    super(`Cannot find ${what}: install the package ${packageName} (apt-get install ${packageName})`);
    this.name = "MissingProgramError";
    this.packageName = packageName;
  }
}

/** Where distributions and upstream's own archives put the plugins. */
const cniDirs: readonly string[] = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni", "/usr/local/lib/cni"];
const cniPlugins: readonly string[] = ["bridge", "host-local", "loopback", "portmap"];
/** Daemons' own directories, which a user's PATH may lack. */
const extraDirs: readonly string[] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

export interface FindOptions {
  /** Searched before PATH and the system's directories. */
  readonly binDir?: string;
  readonly cniBinDir?: string;
}

/** @throws {MissingProgramError} */
export async function findPrograms(options: FindOptions = {}): Promise<RuntimePrograms> {
  const [containerd, ctr, runc, cniBinDir] = await Promise.all([
    program("containerd", "containerd", options.binDir),
    program("ctr", "containerd", options.binDir),
    program("runc", "runc", options.binDir),
    cniDirectory(options.cniBinDir === undefined ? cniDirs : [options.cniBinDir]),
  ]);
  const { stdout } = await run([containerd, "--version"]);
  return { containerd, ctr, runc, cniBinDir, version: parseContainerdVersion(stdout) };
}

/** Of the line "containerd github.com/containerd/containerd/v2 2.1.4 75cb2b7…". */
export function parseContainerdVersion(output: string): ContainerdVersion {
  const match = /\sv?((\d+)\.(\d+)\S*)/.exec(output);
  if (match === null) throw new Error(`Cannot read the version of containerd from ${JSON.stringify(output.trim())}`);
  return { major: Number(match[2]), minor: Number(match[3]), text: match[1] as string };
}

/** PATH as containerd and the plugins it runs need it. */
export function searchPath(binDir?: string): string {
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((dir) => dir !== "");
  return [...new Set([...(binDir === undefined ? [] : [binDir]), ...path, ...extraDirs])].join(delimiter);
}

async function program(name: string, packageName: string, binDir: string | undefined): Promise<string> {
  for (const dir of searchPath(binDir).split(delimiter)) {
    if (await isExecutable(join(dir, name))) return join(dir, name);
  }
  throw new MissingProgramError(name, packageName);
}

async function cniDirectory(candidates: readonly string[]): Promise<string> {
  for (const dir of candidates) {
    const found = await Promise.all(cniPlugins.map((plugin) => isExecutable(join(dir, plugin))));
    if (found.every(Boolean)) return dir;
  }
  throw new MissingProgramError(
    `the CNI plugins ${cniPlugins.join(", ")} in ${candidates.join(" or ")}`,
    "containernetworking-plugins",
  );
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
