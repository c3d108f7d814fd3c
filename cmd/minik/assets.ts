import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { arch } from "node:process";
import { getRawAsset, isSea } from "node:sea";
import { fileURLToPath } from "node:url";
import type { ThreadEntries } from "./threads/thread.ts";

/** Files that need a path on disk: workers' code, the SQLite addon, the pause program. */
export interface Assets {
  /** What `new Worker` starts: a bundle for each role, or the sources. */
  readonly threads: ThreadEntries;
  readonly sqliteAddon: string;
  /** The compiled cmd/pause. */
  readonly pause: string;
  /** proto/cri-v1.proto */
  readonly criProto: string;
}

/** Unpacks one embedded file under its content's hash; what lies there already is compared, not trusted. */
async function unpack(dir: string, name: string): Promise<string> {
  const content = Buffer.from(getRawAsset(name));
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
  const path = join(dir, `${hash}-${name}`);
  const there = await readFile(path).catch(() => undefined);
  if (there?.equals(content) !== true) {
    const temporary = `${path}.${process.pid}.tmp`;
    await writeFile(temporary, content, { mode: 0o700 });
    await rename(temporary, path);
  }
  await chmod(path, 0o700);
  return path;
}

/** Where the assets are: unpacked under `<dataDir>/bin` from the single executable, in place when run from sources. */
export async function locateAssets(dataDir: string): Promise<Assets> {
  if (!isSea()) {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const entry = (role: string): string => join(root, `cmd/minik/threads/entry/${role}.ts`);
    return {
      threads: { store: entry("store"), yaml: entry("yaml"), control: entry("control"), node: entry("node") },
      sqliteAddon: join(root, `node_modules/better-sqlite3/prebuilds/linux-${arch === "arm64" ? "arm64" : "x64"}.node`),
      pause: join(root, "dist/build/pause"),
      criProto: join(root, "proto/cri-v1.proto"),
    };
  }
  const dir = join(dataDir, "bin");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const [store, yaml, control, node, sqliteAddon, pause, criProto] = (await Promise.all(
    ["store.cjs", "yaml.cjs", "control.cjs", "node.cjs", "better_sqlite3.node", "pause", "cri-v1.proto"].map(
      async (name) => await unpack(dir, name),
    ),
  )) as [string, string, string, string, string, string, string];
  // What an earlier version unpacked is of no use to this one.
  const kept = new Set([store, yaml, control, node, sqliteAddon, pause, criProto]);
  for (const name of await readdir(dir)) if (!kept.has(join(dir, name))) await rm(join(dir, name), { force: true });
  return { threads: { store, yaml, control, node }, sqliteAddon, pause, criProto };
}
