import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { run } from "#pkg/process/index.ts";

/** Resident bytes of files' pages, of this process. */
async function fileBytes(): Promise<number> {
  const status = await readFile("/proc/self/status", "utf8");
  return Number(/^RssFile:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

test("trim gives back pages of the program, which goes on, when it is called", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "minik-trim-"));
  t.after(async () => await rm(dir, { recursive: true, force: true }));
  const addon = join(dir, "trim.node");
  const source = fileURLToPath(new URL("trim.c", import.meta.url));
  await run(["gcc", "-shared", "-fPIC", "-nostdlib", "-Os", "-o", addon, source]);
  const module: { exports: unknown } = { exports: {} };
  process.dlopen(module, addon);
  const trim = module.exports as () => void;

  const before = await fileBytes();
  trim();
  const after = await fileBytes();

  assert.ok(after < before * 0.8, `${before} bytes before, ${after} after`);
  assert.equal(JSON.parse('{"a":[1]}').a[0], 1);
});
