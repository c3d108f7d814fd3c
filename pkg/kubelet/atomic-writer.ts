import { constants } from "node:fs";
import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
} from "node:fs/promises";
import { dirname, join } from "node:path";

/** One file of a volume whose content comes from the API. */
export interface PayloadFile {
  readonly data: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
  /** Owner, where it must not be root. */
  readonly uid?: number;
}

const DATA = "..data";

/**
 * Writes files so that a reader sees the whole old set or the whole new one:
 *
 *   <dir>/..2026_01_02_03_04_05.123456789/…   the files
 *        /..data -> ..2026_…                  swapped by rename
 *        /<name> -> ..data/<name>             one link per first path segment
 *
 * Resolves to whether anything changed. Only this function writes to `dir`.
 */
export async function writeAtomically(
  dir: string,
  payload: ReadonlyMap<string, PayloadFile>,
  owner: { readonly gid?: number } = {},
): Promise<boolean> {
  for (const path of payload.keys()) checkPath(path);
  const { gid } = owner;
  const current = await readlink(join(dir, DATA)).catch(() => undefined);
  if (current !== undefined && (await isSame(join(dir, current), payload, gid))) return false;
  const fresh = await mkdtemp(join(dir, `..${timestamp()}.`));
  await writeFiles(fresh, payload, gid);
  const link = join(dir, "..data_tmp");
  await rm(link, { force: true });
  await symlink(fresh.slice(dir.length + 1), link);
  await rename(link, join(dir, DATA));
  await linkNames(dir, new Set([...payload.keys()].map((path) => path.split("/")[0] ?? path)));
  if (current !== undefined) await rm(join(dir, current), { recursive: true, force: true });
  return true;
}

function checkPath(path: string): void {
  const parts = path.split("/");
  if (path === "" || path.startsWith("/") || parts.includes("..") || parts[0]?.startsWith("..") === true) {
    throw new Error(`invalid path: must be relative, without "..": ${path}`);
  }
}

/** "2026_01_02_03_04_05", UTC. */
function timestamp(): string {
  return new Date().toISOString().slice(0, 19).replace(/[-T:]/g, "_");
}

/** The group that a volume is shared with must be able to read it. */
const modeOf = (file: PayloadFile, gid: number | undefined): number =>
  gid === undefined ? file.mode : file.mode | 0o440;

async function isSame(
  dir: string,
  payload: ReadonlyMap<string, PayloadFile>,
  gid: number | undefined,
): Promise<boolean> {
  const there = new Set(await files(dir, ""));
  if (there.size !== payload.size) return false;
  for (const [path, file] of payload) {
    if (!there.has(path)) return false;
    const full = join(dir, path);
    const stat = await lstat(full);
    if ((stat.mode & 0o7777) !== modeOf(file, gid) || stat.size !== file.data.length) return false;
    if (!(await readFile(full)).equals(file.data)) return false;
  }
  return true;
}

async function files(dir: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = prefix + entry.name;
    if (entry.isDirectory()) found.push(...(await files(join(dir, entry.name), `${path}/`)));
    else found.push(path);
  }
  return found;
}

async function writeFiles(
  dir: string,
  payload: ReadonlyMap<string, PayloadFile>,
  gid: number | undefined,
): Promise<void> {
  await makeDirectory(dir, gid);
  const made = new Set([dir]);
  for (const [path, file] of payload) {
    const full = join(dir, path);
    for (const parent of parentsOf(path).map((at) => join(dir, at))) {
      if (made.has(parent)) continue;
      made.add(parent);
      await makeDirectory(parent, gid);
    }
    const handle = await open(full, "wx", file.mode);
    try {
      await handle.writeFile(file.data);
      // Before the mode: chown clears set-id bits.
      if (gid !== undefined || file.uid !== undefined) await handle.chown(file.uid ?? 0, gid ?? 0);
      await handle.chmod(modeOf(file, gid));
    } finally {
      await handle.close();
    }
  }
}

/** "a/b/c" has the parents "a" and "a/b". */
function parentsOf(path: string): string[] {
  const parents: string[] = [];
  for (let at = dirname(path); at !== "."; at = dirname(at)) parents.unshift(at);
  return parents;
}

async function makeDirectory(path: string, gid: number | undefined): Promise<void> {
  await mkdir(path, { recursive: true });
  const handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    if (gid !== undefined) await handle.chown(0, gid);
    await handle.chmod(gid === undefined ? 0o755 : 0o2755);
  } finally {
    await handle.close();
  }
}

/** Links for names that are new, none for names that are gone. */
async function linkNames(dir: string, names: ReadonlySet<string>): Promise<void> {
  const there = new Set((await readdir(dir)).filter((name) => !name.startsWith("..")));
  for (const name of names) if (!there.has(name)) await symlink(join(DATA, name), join(dir, name));
  for (const name of there) if (!names.has(name)) await unlink(join(dir, name));
}
