import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import type { CriClient } from "#pkg/cri/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { LogRotator } from "./log-rotator.ts";
import { PodDirs } from "./pod-dirs.ts";
import { testPod } from "./testing.ts";

describe("LogRotator", async () => {
  const root = await mkdtemp(join(tmpdir(), "minik-rotate-"));
  after(() => rm(root, { recursive: true, force: true }));
  const dir = join(root, "ns_web_u1/c");
  await mkdir(dir, { recursive: true });
  const path = join(dir, "0.log");
  const running = { name: "c", image: "i", imageID: "", ready: true, restartCount: 0, containerID: "containerd://id" };
  const pod = { ...testPod(), status: { containerStatuses: [{ ...running, state: { running: {} } }] } };
  let isBroken = false;
  const runtime = {
    reopenContainerLog: async ({ containerId }: { containerId: string }) => {
      if (isBroken) throw new Error("not now");
      await writeFile(path, `reopened ${containerId}`);
      return {};
    },
  } as unknown as CriClient["runtime"];
  const rotator = new LogRotator({
    cri: { runtime },
    status: { pods: () => [pod] },
    dirs: new PodDirs({ root, logRoot: root }),
    log: createLogger("silent"),
    maxBytes: 100,
    maxFiles: 3,
  });
  const check = () => rotator.check(new AbortController().signal);

  it("leaves small logs alone", async () => {
    await writeFile(path, "small");
    await check();
    assert.deepEqual(await readdir(dir), ["0.log"]);
  });

  it("sets a large log aside and has the runtime open a new one", async () => {
    await writeFile(path, "x".repeat(100));
    await check();
    assert.equal(await readFile(path, "utf8"), "reopened id");
    assert.match((await readdir(dir))[1] ?? "", /^0\.log\.\d{8}-\d{6}$/);
  });

  it("compresses older files and keeps as many as allowed", async () => {
    await writeFile(join(dir, "0.log.20200101-000000"), "oldest");
    await appendFile(path, "y".repeat(100));
    await check();
    const names = (await readdir(dir)).sort();
    assert.equal(names.includes("0.log.20200101-000000"), false);
    const zipped = names.find((name) => name.endsWith(".gz")) ?? "";
    assert.equal(gunzipSync(await readFile(join(dir, zipped))).toString(), "x".repeat(100));
    assert.equal(names.length, 3);
  });

  it("puts the log back when the runtime does not reopen it", async () => {
    isBroken = true;
    await writeFile(path, "z".repeat(100));
    await check();
    assert.equal(await readFile(path, "utf8"), "z".repeat(100));
  });
});
