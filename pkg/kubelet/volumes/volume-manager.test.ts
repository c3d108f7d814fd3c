import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ConfigMap, Secret, Volume } from "#pkg/api/types/core-v1.ts";
import { until } from "#pkg/async/index.ts";
import { createClient } from "#pkg/client/index.ts";
import { ScriptedTransport } from "#pkg/client/testing.ts";
import { notFound } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import type { Mounter } from "../mounter.ts";
import { PodDirs } from "../pod-dirs.ts";
import { testContainer, testMeta, testPod } from "../testing.ts";
import { volumePlugins } from "./plugins.ts";
import { VolumeManager } from "./volume-manager.ts";

describe("VolumeManager", async () => {
  const root = await mkdtemp(join(tmpdir(), "minik-volumes-"));
  after(() => rm(root, { recursive: true, force: true }));
  const maps = new Map<string, ConfigMap>();
  maps.set("conf", { metadata: testMeta("ns", "conf"), data: { a: "1", b: "2" } });
  const secret: Secret = { metadata: testMeta("ns", "key"), data: { p: btoa("pw") } };
  const mounts: string[] = [];
  const mounter: Mounter = {
    bind: async () => undefined,
    mount: async (type, _source, target, options) => void mounts.push(`${type} ${target} ${options.join(",")}`),
    below: async () => [],
    unmount: async () => undefined,
  };
  const client = createClient(
    new ScriptedTransport(({ path }) => {
      throw notFound({ group: "", plural: "persistentvolumeclaims" }, path);
    }),
  );
  const failures: string[] = [];
  const manager = new VolumeManager({
    log: createLogger("silent"),
    failed: (_pod, message) => failures.push(message),
    plugins: volumePlugins({
      client,
      mounter,
      dirs: new PodDirs({ root, logRoot: join(root, "logs") }),
      objects: {
        configMap: async (_namespace, name) => maps.get(name),
        secret: async (_namespace, name) => (name === "key" ? secret : undefined),
      },
      tokens: { token: async () => "token" },
      downward: { facts: () => ({ podIPs: [], hostIPs: [] }), allocatable: () => ({}) },
      images: undefined,
    }),
  });
  const stop = new AbortController();
  let done: Promise<void> | undefined;
  before(() => {
    done = manager.start(stop.signal);
  });
  after(async () => {
    stop.abort();
    await done;
  });
  let pods = 0;
  const podWith = (...volumes: Volume[]) =>
    testPod(
      {
        volumes,
        containers: [testContainer({ volumeMounts: volumes.map(({ name }) => ({ name, mountPath: `/${name}` })) })],
      },
      { uid: `u${++pods}`, labels: { a: "b" } },
    );
  const dirOf = async (...volumes: Volume[]): Promise<string> => {
    const pod = podWith(...volumes);
    await manager.setUp(pod, stop.signal);
    return manager.volume(pod.metadata.uid, volumes[0]?.name ?? "")?.hostPath ?? "";
  };

  it("projects keys with their own paths and modes", async () => {
    const dir = await dirOf({
      name: "v",
      configMap: { name: "conf", items: [{ key: "b", path: "x/y", mode: 0o400 }] },
    });
    assert.equal(await readFile(join(dir, "x/y"), "utf8"), "2");
    assert.equal((await stat(join(dir, "x/y"))).mode & 0o777, 0o400);
    assert.deepEqual(
      (await readdir(dir)).filter((name) => !name.startsWith("..")),
      ["x"],
    );
  });

  it("puts every source of a projected volume into one directory", async () => {
    const dir = await dirOf({
      name: "v",
      projected: {
        sources: [
          { serviceAccountToken: { path: "token" } },
          { configMap: { name: "conf" } },
          { secret: { name: "key", items: [{ key: "p", path: "password" }] } },
          { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
        ],
      },
    });
    const text = (name: string) => readFile(join(dir, name), "utf8");
    const names = ["token", "a", "password", "labels"];
    assert.deepEqual(await Promise.all(names.map(text)), ["token", "1", "pw", 'a="b"']);
  });

  it("follows a config map, and keeps what it had when the map goes away", async () => {
    const pod = podWith({ name: "v", configMap: { name: "conf" } });
    await manager.setUp(pod, stop.signal);
    const file = join(manager.volume(pod.metadata.uid, "v")?.hostPath ?? "", "a");
    const before = maps.get("conf");
    maps.set("conf", { metadata: testMeta("ns", "conf"), data: { a: "new" } });
    manager.changed([pod.metadata.uid]);
    await until(async () => (await readFile(file, "utf8")) === "new", { timeoutMs: 15_000, intervalMs: 2 });
    maps.delete("conf");
    manager.changed([pod.metadata.uid]);
    await until(() => failures.length > 0, { timeoutMs: 15_000, intervalMs: 2 });
    assert.equal(await readFile(file, "utf8"), "new");
    if (before !== undefined) maps.set("conf", before);
  });

  it("opens an emptyDir to everyone and mounts memory with its size", async () => {
    const dir = await dirOf({ name: "v", emptyDir: {} });
    assert.equal((await stat(dir)).mode & 0o777, 0o777);
    const memory = await dirOf({ name: "m", emptyDir: { medium: "Memory", sizeLimit: "1Mi" } });
    assert.deepEqual(mounts, [`tmpfs ${memory} size=1048576,mode=750`]);
  });

  for (const [what, volume, message] of [
    ["a config map is missing", { configMap: { name: "none" } }, 'configmap "none" not found'],
    [
      "a key is missing",
      { configMap: { name: "conf", items: [{ key: "k", path: "k" }] } },
      "references non-existent config key: k",
    ],
    ["a secret is missing", { secret: { secretName: "none" } }, 'secret "none" not found'],
    [
      "a path is of another type",
      { hostPath: { path: "/", type: "File" } },
      "hostPath type check failed: / is not a file",
    ],
    ["a claim is missing", { persistentVolumeClaim: { claimName: "c" } }, 'persistentvolumeclaim "c" not found'],
    ["nobody knows the type", { rbd: { image: "i", monitors: [] } }, 'volumes of type "rbd" are not supported'],
    ["the runtime cannot mount images", { image: { reference: "i" } }, "image volumes are not supported"],
  ] as const) {
    it(`rejects with FailedMount when ${what}`, async () => {
      await assert.rejects(dirOf({ name: "v", ...volume } as Volume), (err: Error & { reason?: string }) => {
        assert.equal(err.reason, "FailedMount");
        assert.ok(err.message.startsWith('MountVolume.SetUp failed for volume "v" : '), err.message);
        assert.ok(err.message.includes(message), err.message);
        return true;
      });
    });
  }

  it("makes nothing of an optional source that is not there, and ignores volumes nobody mounts", async () => {
    const dir = await dirOf({ name: "v", secret: { secretName: "none", optional: true } });
    assert.deepEqual(
      (await readdir(dir)).filter((name) => !name.startsWith("..")),
      [],
    );
    await manager.setUp(testPod({ volumes: [{ name: "x", secret: { secretName: "none" } }] }), stop.signal);
  });
});
