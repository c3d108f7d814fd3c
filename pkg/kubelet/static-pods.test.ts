import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { until } from "#pkg/async/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { directoryPods, parseManifest } from "./static-pods.ts";

const manifest = (name: string, image = "img"): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: c, image: ${image}}]}\n`;

describe("parseManifest", () => {
  const parse = (text: string): Pod[] => parseManifest(text, "node-1", "file:/m", "file");

  it("makes the pod this node's own and fills in defaults", () => {
    const [pod] = parse(manifest("web"));
    assert.equal(pod?.metadata.name, "web-node-1");
    assert.equal(pod?.metadata.namespace, "default");
    assert.match(pod?.metadata.uid ?? "", /^[0-9a-f]{32}$/);
    assert.equal(pod?.metadata.annotations?.["kubernetes.io/config.hash"], pod?.metadata.uid);
    assert.equal(pod?.metadata.annotations?.["kubernetes.io/config.source"], "file");
    assert.equal(pod?.spec.nodeName, "node-1");
    assert.equal(pod?.spec.restartPolicy, "Always");
    assert.equal(pod?.spec.containers[0]?.terminationMessagePath, "/dev/termination-log");
    assert.deepEqual(pod?.spec.tolerations, [{ operator: "Exists", effect: "NoExecute" }]);
  });
  it("reads several documents and lists", () => {
    assert.equal(parse(`${manifest("a")}---\n${manifest("b")}---\n`).length, 2);
    const [pod] = parse(manifest("a"));
    const list = JSON.stringify({
      kind: "PodList",
      apiVersion: "v1",
      items: [JSON.parse(JSON.stringify({ ...pod, status: undefined }))],
    });
    assert.equal(parse(list).length, 1);
  });
  it("changes the uid with the content", () => {
    assert.notEqual(parse(manifest("a"))[0]?.metadata.uid, parse(manifest("a", "other"))[0]?.metadata.uid);
  });
  it("refuses what is no Pod, what is not valid, and what needs the API", () => {
    assert.throws(() => parse("apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"), /only Pods of v1/);
    assert.throws(() => parse("a: [\n"));
    assert.throws(() => parse(manifest("Not_A_Name")), /metadata\.name/);
    const secret = manifest("a").replace("spec: {", "spec: {volumes: [{name: v, secret: {secretName: s}}], ");
    assert.throws(() => parse(secret), /may not reference/);
  });
});

describe("directoryPods", async () => {
  const directory = await mkdtemp(join(tmpdir(), "minik-static-"));
  after(() => rm(directory, { recursive: true, force: true }));

  it("follows the files of the directory, and a broken one does not stop the others", async () => {
    await writeFile(join(directory, "a.yaml"), manifest("a"));
    await writeFile(join(directory, "broken.yaml"), "{");
    await writeFile(join(directory, ".hidden.yaml"), manifest("hidden"));
    const stop = new AbortController();
    let names = "";
    const source = directoryPods({ directory, nodeName: "n", log: createLogger("silent") });
    const done = source.start(stop.signal, (pods) => (names = pods.map((pod) => pod.metadata.name).join()));
    const seen = (wanted: string) => until(() => names === wanted, { timeoutMs: 15_000, intervalMs: 5, what: wanted });
    await seen("a-n");
    await writeFile(
      join(directory, "b.json"),
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "b" },
        spec: { containers: [{ name: "c", image: "i" }] },
      }),
    );
    await seen("a-n,b-n");
    await rm(join(directory, "a.yaml"));
    await seen("b-n");
    stop.abort();
    await done;
  });
});
