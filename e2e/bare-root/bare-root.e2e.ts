// dist/minik in a root directory that holds itself and the C and C++ runtime libraries: no Node, no shell, no packages.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFile, mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { until } from "#pkg/async/index.ts";
import { run } from "#pkg/process/index.ts";
import { BINARY } from "../lab/control-plane.ts";

/** What a dynamic program may ask for; anything else would be a dependency that users do not have. */
const RUNTIME = /^(libc|libm|libdl|libpthread|libstdc\+\+|libgcc_s|ld-linux-x86-64|ld-linux-aarch64)\.so/;

describe("a bare root directory", () => {
  let root: string;
  let server: ChildProcess | undefined;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "minik-bare-"));
    for (const dir of ["bin", "data", "tmp"]) await mkdir(join(root, dir));
    await copyFile(BINARY, join(root, "bin/minik"));
    const { stdout } = await run(["ldd", BINARY]);
    for (const library of stdout.match(/\/lib\S+/g) ?? []) {
      assert.match(basename(library), RUNTIME);
      await mkdir(join(root, dirname(library)), { recursive: true });
      await copyFile(await realpath(library), join(root, library));
    }
  });
  after(async () => {
    server?.kill("SIGKILL");
    await rm(root, { recursive: true, force: true });
  });

  it("prints its version", async () => {
    assert.match((await run(["chroot", root, "/bin/minik", "version"])).stdout, /^minik v1\.36/);
  });

  it("serves a control plane", async () => {
    const args = [
      "--net",
      "chroot",
      root,
      "/bin/minik",
      "server",
      "--disable-agent",
      "--data-dir",
      "/data/minik",
      "--node-name",
      "bare",
      "--node-ip",
      "192.0.2.1",
      "--write-kubeconfig",
      "/data/kubeconfig",
    ];
    const child = spawn("unshare", args, { stdio: ["ignore", "ignore", "pipe"], env: { PATH: process.env["PATH"] } });
    server = child;
    let log = "";
    child.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString("utf8");
    });
    await until(() => log.includes("API server ready") && log.includes("controllers started"), {
      timeoutMs: 20_000,
      what: "the control plane",
    });
    const ended = new Promise<number | null>((resolve) => child.on("exit", (code) => resolve(code)));
    child.kill("SIGTERM");
    assert.equal(await ended, 0, log);
  });
});
