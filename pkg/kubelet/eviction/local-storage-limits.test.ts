import assert from "node:assert/strict";
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { PodSpec } from "#pkg/api/types/core-v1.ts";
import { createClient, EventRecorder } from "#pkg/client/index.ts";
import { ScriptedTransport } from "#pkg/client/testing.ts";
import { createLogger } from "#pkg/log/index.ts";
import { PodDirs } from "../pod-dirs.ts";
import { PodEvents } from "../pod-events.ts";
import { testContainer, testPod } from "../testing.ts";
import { diskUsage } from "./disk-usage.ts";
import { LocalStorageLimits } from "./local-storage-limits.ts";

describe("local storage", async () => {
  const root = await mkdtemp(join(tmpdir(), "minik-storage-"));
  after(async () => {
    await recorder.close(0);
    await rm(root, { recursive: true, force: true });
  });
  const dirs = new PodDirs({ root, logRoot: join(root, "logs") });
  const log = createLogger("silent");
  const recorder = new EventRecorder({ client: createClient(new ScriptedTransport(() => ({}))), log, component: "k" });
  const volume = dirs.volume("u1", "empty-dir", "v");
  await mkdir(volume, { recursive: true });
  await writeFile(join(volume, "file"), Buffer.alloc(100_000));
  await link(join(volume, "file"), join(volume, "same"));
  await symlink("/usr", join(volume, "elsewhere"));

  it("diskUsage counts hard links once and follows nothing", async () => {
    const bytes = await diskUsage(volume);
    assert.ok(bytes >= 100_000 && bytes < 150_000, `${bytes}`);
    assert.equal(await diskUsage(join(root, "none")), 0);
  });

  const evicted = async (spec: Partial<PodSpec>, layerBytes = 0): Promise<string> => {
    let message = "";
    const limits = new LocalStorageLimits({
      dirs,
      active: () => [testPod({ volumes: [{ name: "v", emptyDir: {} }], ...spec })],
      layers: async () => new Map([["c", layerBytes]]),
      evict: (_pod, failure) => (message = failure.message),
      events: new PodEvents({ recorder }),
      log,
    });
    await limits.check();
    return message;
  };
  const container = (limit: string) => ({
    containers: [testContainer({ resources: { limits: { "ephemeral-storage": limit } } })],
  });

  it("ends a pod whose emptyDir is too large", async () => {
    const volumes = (sizeLimit: string) => ({ volumes: [{ name: "v", emptyDir: { sizeLimit } }] });
    assert.equal(await evicted(volumes("50k")), 'Usage of EmptyDir volume "v" exceeds the limit "50k". ');
    assert.equal(await evicted(volumes("1M")), "");
  });
  it("ends a pod whose container wrote too much, or that wrote too much in all", async () => {
    assert.match(
      await evicted(container("50k"), 60_000),
      /^Container c exceeded its local ephemeral storage limit "50k"/,
    );
    assert.match(
      await evicted(container("120k"), 60_000),
      /^Pod ephemeral local storage usage exceeds the total limit/,
    );
    assert.equal(await evicted(container("1M"), 60_000), "");
    assert.equal(await evicted({}, 1e9), "");
  });
});
