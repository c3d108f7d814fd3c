import assert from "node:assert/strict";
import { it } from "node:test";
import { gauge, gaugeCrd, gauges, NAME } from "./conversion.ts";
import { CRDS, type Loose, type Stage } from "./stage.ts";

/** Three versions and a webhook between them. Leaves the definition with v1 stored, and gauges "a" and "b". */
export function withVersions(stage: () => Stage, clientConfig: () => object): void {
  const specs = async (path: string): Promise<unknown[]> =>
    (await stage().done("GET", path))["items"].map((each: Loose) => each["spec"]);
  const revision = async (): Promise<string> => (await stage().done("GET", gauges("v1")))["metadata"].resourceVersion;

  it("converts what is written and read, one by one and in lists", async () => {
    await stage().define(gaugeCrd("v1beta1", clientConfig()));
    await stage().done("POST", gauges("v1beta1"), gauge("v1beta1", "a", { reading: "5m" }));
    assert.deepEqual((await stage().done("POST", gauges("v1"), gauge("v1", "b", { value: 7 })))["spec"], {
      value: 7,
      unit: "m",
    });
    assert.deepEqual((await stage().done("GET", gauges("v1", "a")))["spec"], { value: 5, unit: "m" });
    assert.deepEqual(await specs(gauges("v1alpha1")), [{ text: "5m" }, { text: "7m" }]);
    assert.deepEqual(await specs(gauges("v1beta1")), [{ reading: "5m" }, { reading: "7m" }]);
    assert.deepEqual((await stage().merge(gauges("v1alpha1", "a"), { spec: { text: "6s" } }))["spec"], { text: "6s" });
    const applied = gauge("v1alpha1", "b", { text: "8m" });
    // Whoever owns the field said it in another version.
    assert.match(
      await stage().refusal("apply --server-side -f -", applied),
      /conflict with "unknown" using example\.com\/v1: \.spec\.value/,
    );
    assert.match(await stage().kubectl("apply --server-side --force-conflicts -f -", applied), /serverside-applied/);
    assert.match(await stage().kubectl("get gauges.v1alpha1.example.com b -o jsonpath={.spec}"), /^{"text":"8m"}$/);
    assert.match(await stage().kubectl("get gauge b -o jsonpath={.spec}"), /^{"unit":"m","value":8}$/);
  });

  it("tells every version's watches of what is written in any", async () => {
    const from = await revision();
    await stage().merge(gauges("v1alpha1", "a"), { spec: { text: "1m" } });
    await stage().merge(gauges("v1", "a"), { spec: { value: 2 } });
    await stage().merge(gauges("v1beta1", "a"), { spec: { reading: "3m" } });
    const seen = async (version: "v1alpha1" | "v1"): Promise<unknown[]> =>
      (await stage().events(`${gauges(version)}?watch=1&resourceVersion=${from}`, 3)).map(({ type, object }) => [
        type,
        object["apiVersion"],
        object["spec"],
      ]);
    assert.deepEqual(
      await seen("v1"),
      [1, 2, 3].map((value) => ["MODIFIED", "example.com/v1", { value, unit: "m" }]),
    );
    assert.deepEqual(
      await seen("v1alpha1"),
      [1, 2, 3].map((value) => ["MODIFIED", "example.com/v1alpha1", { text: `${value}m` }]),
    );
  });

  it("stores in another version from the moment the definition says so, and remembers the old one", async () => {
    const path = `${CRDS}/${NAME}`;
    const from = await revision();
    const { metadata } = await stage().done("GET", path);
    const next = gaugeCrd("v1", clientConfig());
    await stage().done("PUT", path, { ...next, metadata });
    await stage().eventually("both stored versions", async () => {
      const { status } = await stage().done("GET", path);
      return status.storedVersions.join() === "v1beta1,v1";
    });
    assert.deepEqual(await specs(gauges("v1beta1")), [{ reading: "3m" }, { reading: "8m" }]);
    // What is stored in the old version is written anew, as a migration does.
    for (const name of ["a", "b"]) {
      const object = await stage().done("GET", gauges("v1beta1", name));
      await stage().done("PUT", gauges("v1beta1", name), object);
    }
    await stage().merge(gauges("v1beta1", "b"), { spec: { reading: "9m" } });
    const events = await stage().events(`${gauges("v1")}?watch=1&resourceVersion=${from}`, 1);
    assert.deepEqual(events[0]?.object["apiVersion"], "example.com/v1");
    const without = gaugeCrd("v1", clientConfig(), ["v1alpha1", "v1"]);
    const now = await stage().done("GET", path);
    const refused = await stage().request("PUT", path, { ...without, metadata: now["metadata"] });
    assert.equal(refused.code, 422);
    assert.match(
      refused.body["message"],
      /status\.storedVersions\[0\]: Invalid value: "v1beta1": .*missing from spec\.versions/,
    );
    await stage().merge(`${path}/status`, { status: { storedVersions: ["v1"] } });
    const { metadata: last } = await stage().done("GET", path);
    await stage().done("PUT", path, { ...without, metadata: last });
    await stage().eventually("v1beta1 is not served", () => stage().isGone(gauges("v1beta1")));
    assert.deepEqual(await specs(gauges("v1alpha1")), [{ text: "3m" }, { text: "9m" }]);
    const { metadata: served } = await stage().done("GET", path);
    await stage().done("PUT", path, { ...next, metadata: served });
    await stage().eventually("v1beta1 is served", async () => (await stage().get(gauges("v1beta1"))).code === 200);
  });

  it("says why a conversion failed, and works again when the webhook does", async () => {
    const path = `${CRDS}/${NAME}`;
    const conversion = (config: object): object => ({
      spec: { conversion: { webhook: { clientConfig: { url: null, caBundle: null, ...config } } } },
    });
    await stage().merge(path, conversion({ url: "https://127.0.0.1:1/none" }));
    const { code, body } = await stage().get(gauges("v1alpha1", "a"));
    assert.equal(code, 500);
    assert.match(
      body["message"],
      /^conversion webhook for example.com\/v1, Kind=Gauge failed: Post "https:\/\/127.0.0.1:1\/none\?timeout=30s"/,
    );
    assert.equal((await stage().get(gauges("v1", "a"))).code, 200);
    await stage().merge(path, conversion(clientConfig()));
    assert.deepEqual((await stage().done("GET", gauges("v1alpha1", "a")))["spec"], { text: "3m" });
  });
}
