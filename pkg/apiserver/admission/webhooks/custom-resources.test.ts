import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crdOf, establish, versionOf } from "../../customresources/testing.ts";
import { startTestWebhook } from "../../webhook/testing.ts";
import { jsonPatch, ruleFor, startTestCluster, type TestCluster, verdict } from "./testing.ts";

const BASE = "/apis/stable.example.com";
const strings = (...names: string[]): object => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, { type: "string" }])),
});
const schemaOf = (...data: string[]): Readonly<Record<string, unknown>> => ({
  schema: { openAPIV3Schema: { type: "object", properties: { data: strings(...data) } } },
});

interface Widget {
  readonly apiVersion: string;
  readonly data: Readonly<Record<string, string>>;
}

async function post(cluster: TestCluster, version: string, name: string, data: object): Promise<Widget> {
  const path = `${BASE}/${version}/namespaces/d/widgets`;
  const body = { apiVersion: `stable.example.com/${version}`, kind: "Widget", metadata: { name }, data };
  return (await cluster.client.raw({ method: "POST", path, body })) as Widget;
}

describe("webhooks for custom resources", () => {
  it("mutate them, and what their schema does not know is pruned", async (t) => {
    const add = (stage: string) => jsonPatch({ op: "add", path: `/data/mutation-${stage}`, value: "yes" });
    const hook = await startTestWebhook(t, (review, url) => verdict(review, add(url.slice(1, url.indexOf("?")))));
    const cluster = await startTestCluster(t, hook);
    const version = versionOf("v1", { storage: true, ...schemaOf("mutation-start", "mutation-stage-1") });
    await establish(cluster.test.transport, crdOf("widgets", "Widget", { versions: [version] }));
    await cluster.register("Mutating", "stage-1", { rules: [ruleFor("widgets")] });
    await cluster.register("Mutating", "stage-2", { rules: [ruleFor("widgets")] });
    const made = await post(cluster, "v1", "w", { "mutation-start": "yes" });
    assert.deepEqual(made.data, { "mutation-start": "yes", "mutation-stage-1": "yes" });
    assert.equal(hook.requests.length, 2);
  });

  it("deny their creation, update and deletion", async (t) => {
    const hook = await startTestWebhook(t, (review) => {
      const { object, oldObject } = review.request;
      const bad = JSON.stringify(object ?? oldObject).includes("disallow");
      return verdict(review, bad ? { allowed: false, status: { message: "unwanted", code: 403 } } : {});
    });
    const cluster = await startTestCluster(t, hook);
    const version = versionOf("v1", { storage: true, ...schemaOf("a") });
    await establish(cluster.test.transport, crdOf("widgets", "Widget", { versions: [version] }));
    const denied = { code: 403, message: 'admission webhook "h0.v.test" denied the request: unwanted' };
    const rules = [{ ...ruleFor("widgets", "CREATE", "UPDATE", "DELETE"), apiGroups: ["stable.example.com"] }];
    await cluster.register("Validating", "v", { rules });
    await assert.rejects(post(cluster, "v1", "w", { a: "disallow" }), denied);
    await post(cluster, "v1", "w", { a: "fine" });
    const path = `${BASE}/v1/namespaces/d/widgets/w`;
    const contentType = "application/merge-patch+json";
    const patch = (body: object) => cluster.client.raw({ method: "PATCH", path, contentType, body });
    await assert.rejects(patch({ data: { a: "disallow" } }), denied);
    await cluster.client.raw({
      method: "DELETE",
      path: "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/v",
    });
    await patch({ data: { a: "disallow" } });
    await cluster.register("Validating", "v", { rules });
    await assert.rejects(cluster.client.raw({ method: "DELETE", path }), denied);
  });

  it("see the version that they know", async (t) => {
    const hook = await startTestWebhook(t, (review) =>
      verdict(review, jsonPatch({ op: "replace", path: "/data/a", value: review.request.kind.version })),
    );
    const cluster = await startTestCluster(t, hook);
    const versions = [versionOf("v1", { storage: true, ...schemaOf("a") }), versionOf("v2", schemaOf("a"))];
    await establish(cluster.test.transport, crdOf("widgets", "Widget", { versions }));
    const rules = [{ ...ruleFor("widgets"), apiVersions: ["v1"] }];
    await cluster.register("Mutating", "exact", { rules, matchPolicy: "Exact" });
    assert.deepEqual((await post(cluster, "v2", "x", { a: "own" })).data, { a: "own" });
    await cluster.register("Mutating", "equivalent", { rules });
    const made = await post(cluster, "v2", "w", { a: "own" });
    assert.deepEqual([made.apiVersion, made.data], ["stable.example.com/v2", { a: "v1" }]);
    const [seen] = hook.requests.map((each) => each.body.request);
    assert.equal(seen.object.apiVersion, "stable.example.com/v1");
    assert.deepEqual(
      [seen.kind.version, seen.resource.version, seen.requestKind.version, seen.requestResource.version],
      ["v1", "v1", "v2", "v2"],
    );
  });
});
