import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { createLogger } from "#pkg/log/index.ts";
import { PodCgroups } from "./cgroups.ts";
import { testContainer, testPod } from "./testing.ts";

const pod = testPod({
  containers: [
    testContainer({ resources: { requests: { cpu: "500m", memory: "16Mi" }, limits: { cpu: "1", memory: "32Mi" } } }),
  ],
});

describe("PodCgroups", async () => {
  const mount = await mkdtemp(join(tmpdir(), "minik-cgroups-"));
  after(() => rm(mount, { recursive: true, force: true }));
  const log = createLogger("silent");
  const text = (...path: string[]) => readFile(join(mount, ...path), "utf8");

  it("limits a pod on v1", async () => {
    const controllers = new Map(["cpu", "memory", "pids"].map((name) => [name, join(mount, name)]));
    const hierarchy = { version: 1, controllers, mounts: [...controllers.values()] } as const;
    const cgroups = new PodCgroups({ hierarchy, root: "/lab", podPidsLimit: 100, log });
    await cgroups.start();
    await cgroups.ensure(pod);
    assert.equal(cgroups.parentOf(pod), "/lab/kubepods/burstable/podu1");
    const own = "lab/kubepods/burstable/podu1";
    assert.equal(await text("cpu", own, "cpu.shares"), "512");
    assert.equal(await text("cpu", own, "cpu.cfs_quota_us"), "100000");
    assert.equal(await text("memory", own, "memory.limit_in_bytes"), String(32 * 2 ** 20));
    assert.equal(await text("pids", own, "pids.max"), "100");
    assert.equal(await text("cpu", "lab/kubepods/burstable/cpu.shares"), "512");
    assert.equal(await text("cpu", "lab/kubepods/besteffort/cpu.shares"), "2");
    assert.deepEqual(await cgroups.pods(), ["u1"]);
  });

  it("hands controllers down and limits a pod on v2", async () => {
    const unified = join(mount, "unified");
    const own = "kubepods/burstable/podu1";
    await mkdir(join(unified, own), { recursive: true });
    for (const dir of ["", "kubepods", "kubepods/burstable", own]) {
      await writeFile(join(unified, dir, "cgroup.subtree_control"), dir === "" ? "cpu\n" : "\n");
    }
    await mkdir(join(unified, "kubepods/besteffort"), { recursive: true });
    await writeFile(join(unified, "kubepods/besteffort/cgroup.subtree_control"), "\n");
    const controllers = new Map(["cpu", "memory", "pids"].map((name) => [name, unified]));
    const cgroups = new PodCgroups({ hierarchy: { version: 2, controllers, mounts: [unified] }, log });
    await cgroups.start();
    await cgroups.ensure(pod);
    assert.equal(await text("unified", "cgroup.subtree_control"), "+memory +pids");
    assert.equal(await text("unified", own, "cgroup.subtree_control"), "+cpu +memory +pids");
    assert.equal(await text("unified", own, "cpu.max"), "100000 100000");
    assert.equal(await text("unified", own, "memory.max"), String(32 * 2 ** 20));
    assert.equal(await text("unified", own, "cpu.weight"), "59");
  });
});
