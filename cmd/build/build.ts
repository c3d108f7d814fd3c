// Makes dist/minik: bundles of the sources, one for the program and one for each thread, put with its assets into a copy of the pinned Node (single executable).
//   sources ──esbuild──▶ *.cjs ──────┐
//   pause.c ──gcc──▶ pause           ├──node --experimental-sea-config──▶ blob ──postject──▶ dist/minik
//   better_sqlite3.node ─────────────┘
import { chmod, copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { arch } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { run } from "#pkg/process/index.ts";
import { asciiOnly, bundleOptions, BUNDLES } from "./bundle.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const dist = join(root, "dist");
const work = join(dist, "build");
const machine = arch === "arm64" ? "arm64" : "x64";

await rm(work, { recursive: true, force: true });
await mkdir(work, { recursive: true });

const { outputFiles } = await build({
  ...bundleOptions,
  entryPoints: Object.fromEntries(Object.entries(BUNDLES).map(([name, start]) => [name, join(root, start)])),
  outdir: work,
  outExtension: { ".js": ".cjs" },
  write: false,
});
await Promise.all(outputFiles.map(async ({ path, text }) => await writeFile(path, asciiOnly(text))));

await run(["gcc", "-static", "-nostdlib", "-Os", "-s", "-o", join(work, "pause"), join(root, "cmd/pause/pause.c")]);
await copyFile(
  join(root, `node_modules/better-sqlite3/prebuilds/linux-${machine}.node`),
  join(work, "better_sqlite3.node"),
);

await writeFile(
  join(work, "sea.json"),
  JSON.stringify({
    main: join(work, "minik.cjs"),
    output: join(work, "minik.blob"),
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    // Under load requests die young and cheaply in a large young generation; in quiet it shrinks by itself.
    // What V8 would collect by itself in quiet, over and over, `cmd/minik/release-memory.ts` does once.
    execArgv: ["--max-semi-space-size=32", "--no-memory-reducer"],
    execArgvExtension: "none",
    assets: {
      "store.cjs": join(work, "store.cjs"),
      "yaml.cjs": join(work, "yaml.cjs"),
      "control.cjs": join(work, "control.cjs"),
      "node.cjs": join(work, "node.cjs"),
      "better_sqlite3.node": join(work, "better_sqlite3.node"),
      pause: join(work, "pause"),
      "cri-v1.proto": join(root, "proto/cri-v1.proto"),
    },
  }),
);
const node = join(root, `node_modules/node-linux-${machine}/bin/node`);
await run([node, "--experimental-sea-config", join(work, "sea.json")]);

const binary = join(work, "minik");
await copyFile(node, binary);
// Symbols go first: stripping afterwards would take the injected blob away.
await run(["strip", binary]);
await run(
  [
    node,
    join(root, "node_modules/postject/dist/cli.js"),
    binary,
    "NODE_SEA_BLOB",
    join(work, "minik.blob"),
    "--sentinel-fuse",
    "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2",
  ],
  { timeoutMs: 120_000 },
);
await chmod(binary, 0o755);
await rm(join(dist, "minik"), { force: true });
await copyFile(binary, join(dist, "minik"));
await rm(binary);
const { length } = await readFile(join(dist, "minik"));
process.stdout.write(`dist/minik: ${(length / 1e6).toFixed(0)} MB\n`);
