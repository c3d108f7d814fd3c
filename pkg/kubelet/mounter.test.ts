import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { parseCgroups } from "./cgroup-hierarchy.ts";
import { cpuWeight } from "./cgroups.ts";
import { type Mounter, mountPointsBelow } from "./mounter.ts";
import { removeTree } from "./remove-tree.ts";
import { bindSubPath, readInside } from "./subpath.ts";

const line = (path: string, tail = "- ext4 /dev/sda rw"): string => `36 35 98:0 / ${path} rw,noatime ${tail}`;

describe("mountPointsBelow", () => {
  it("gives the deepest first, takes no neighbours, and decodes blanks", () => {
    const text = [line("/p"), line("/p/a"), line("/p/a/b\\040c"), line("/pp")].join("\n");
    assert.deepEqual(mountPointsBelow(text, "/p"), ["/p/a/b c", "/p/a", "/p"]);
  });
});

describe("parseCgroups", () => {
  it("prefers v1 where cpu is mounted there, and still names the v2 mount for removal", () => {
    const text = [
      line("/sys/fs/cgroup/cpu,cpuacct", "- cgroup cgroup rw,cpu,cpuacct"),
      line("/sys/fs/cgroup/systemd", "- cgroup cgroup rw,name=systemd"),
      line("/sys/fs/cgroup/unified", "- cgroup2 cgroup2 rw"),
    ].join("\n");
    const found = parseCgroups(text, "");
    assert.equal(found.version, 1);
    assert.equal(found.controllers.get("cpuacct"), "/sys/fs/cgroup/cpu,cpuacct");
    assert.equal(found.mounts.length, 3);
  });
  it("finds v2 and the controllers that were handed to us", () => {
    const found = parseCgroups(line("/sys/fs/cgroup", "shared:9 - cgroup2 cgroup2 rw,nsdelegate"), "cpu memory pids\n");
    assert.equal(found.version, 2);
    assert.deepEqual([...found.controllers.keys()], ["cpu", "memory", "pids"]);
  });
});

describe("cpuWeight", () => {
  it("keeps the least, the default and the most where they are", () => {
    assert.deepEqual([2, 1024, 262_144].map(cpuWeight), [1, 100, 10_000]);
  });
});

describe("volume paths", async () => {
  const dir = await mkdtemp(join(tmpdir(), "minik-mounts-"));
  after(() => rm(dir, { recursive: true, force: true }));
  const bound: string[] = [];
  const mounter: Mounter = {
    bind: async (source, target) => {
      const what = await stat(source);
      bound.push(`${what.isDirectory() ? "directory" : await readFile(source, "utf8")} on ${target.slice(dir.length)}`);
    },
    mount: async () => undefined,
    below: async () => [],
    unmount: async () => undefined,
  };
  const volume = join(dir, "volume");
  await mkdir(join(volume, "real"), { recursive: true });
  await writeFile(join(volume, "real/file"), "text");
  await symlink("real", join(volume, "inside"));
  await symlink("/etc", join(volume, "outside"));
  await writeFile(join(dir, "secret"), "no");

  it("bindSubPath follows links inside the volume and makes what is missing", async () => {
    await bindSubPath(mounter, { volume, subPath: "inside/file", target: join(dir, "t/0") });
    await bindSubPath(mounter, { volume, subPath: "inside/new/dir", target: join(dir, "t/1") });
    assert.deepEqual(bound, ["text on /t/0", "directory on /t/1"]);
    assert.ok((await stat(join(volume, "real/new/dir"))).isDirectory());
  });

  it("bindSubPath refuses to leave the volume", async () => {
    for (const subPath of ["outside", "outside/passwd", "outside/new", "../secret"]) {
      await assert.rejects(
        bindSubPath(mounter, { volume, subPath, target: join(dir, "t/2") }),
        /not within volume path/,
      );
    }
    await assert.rejects(readInside(volume, "outside/passwd"), /not within volume path/);
    assert.equal(await readInside(volume, "inside/file"), "text");
  });

  it("removeTree takes links away and leaves what they point to", async () => {
    const tree = join(dir, "tree");
    await mkdir(join(tree, "deep"), { recursive: true });
    await symlink(volume, join(tree, "deep/link"));
    await removeTree(mounter, tree);
    assert.deepEqual((await readdir(dir)).includes("tree"), false);
    assert.ok((await stat(join(volume, "real/file"))).isFile());
  });

  it("removeTree touches nothing while something is mounted", async () => {
    await assert.rejects(removeTree({ ...mounter, below: async () => [volume] }, volume), /is still mounted/);
    assert.ok((await stat(join(volume, "real/file"))).isFile());
  });
});
