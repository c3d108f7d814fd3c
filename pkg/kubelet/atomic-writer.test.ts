import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type PayloadFile, writeAtomically } from "./atomic-writer.ts";

const payload = (files: Record<string, string>, mode = 0o644): Map<string, PayloadFile> =>
  new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));

describe("writeAtomically", async () => {
  const dir = await mkdtemp(join(tmpdir(), "minik-atomic-"));
  after(() => rm(dir, { recursive: true, force: true }));

  it("shows files through ..data", async () => {
    assert.equal(await writeAtomically(dir, payload({ a: "1", "sub/deep/b": "2" })), true);
    assert.equal(await readFile(join(dir, "a"), "utf8"), "1");
    assert.equal(await readFile(join(dir, "sub/deep/b"), "utf8"), "2");
    assert.equal(await readlink(join(dir, "sub")), "..data/sub");
  });

  it("leaves everything alone when nothing changed", async () => {
    const before = await readlink(join(dir, "..data"));
    assert.equal(await writeAtomically(dir, payload({ a: "1", "sub/deep/b": "2" })), false);
    assert.equal(await readlink(join(dir, "..data")), before);
  });

  it("swaps to the new set, drops the old one, and follows modes", async () => {
    assert.equal(await writeAtomically(dir, payload({ a: "3" }, 0o400)), true);
    assert.equal(await readFile(join(dir, "a"), "utf8"), "3");
    assert.equal((await stat(join(dir, "a"))).mode & 0o777, 0o400);
    const names = await readdir(dir);
    assert.deepEqual(
      names.filter((name) => !name.startsWith("..")),
      ["a"],
    );
    assert.equal(names.length, 3);
  });

  it("refuses paths that lead out", async () => {
    for (const path of ["../x", "/x", "a/../../x", "..x", ""]) {
      await assert.rejects(writeAtomically(dir, payload({ [path]: "" })), /invalid path/);
    }
  });
});
