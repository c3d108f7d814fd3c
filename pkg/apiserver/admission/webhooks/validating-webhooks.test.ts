import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it, type TestContext } from "node:test";
import { validatingwebhookconfigurations } from "#pkg/api/types/admissionregistration-v1.ts";
import { configmaps, namespaces, pods } from "#pkg/api/types/core-v1.ts";
import { requestInfoOf } from "../../request-info.ts";
import { startTestWebhook, type TestWebhook } from "../../webhook/testing.ts";
import { callWebhook } from "./call-webhook.ts";
import { ruleFor, startTestCluster, type TestCluster, verdict } from "./testing.ts";

/** Refuses everything that holds the text "disallow" anywhere. */
async function refusing(t: TestContext): Promise<TestCluster & { readonly hook: TestWebhook }> {
  const hook = await startTestWebhook(t, (review) => {
    const { object, oldObject, operation } = review.request;
    const bad = JSON.stringify(operation === "DELETE" ? oldObject : object).includes("disallow");
    return bad ? verdict(review, { allowed: false, status: { message: "contains unwanted data" } }) : verdict(review);
  });
  return { hook, ...(await startTestCluster(t, hook)) };
}
const DENIED = { code: 400, message: /^admission webhook "h0\.v\.test" denied the request: contains unwanted data$/ };

describe("ValidatingAdmissionWebhook", { concurrency: true }, () => {
  it("denies pods and config maps, by any verb", async (t) => {
    const { client, configMap, pod, register } = await refusing(t);
    await register("Validating", "v", { rules: [ruleFor("*", "CREATE", "UPDATE", "DELETE")] });
    await assert.rejects(configMap("disallow"), DENIED);
    await assert.rejects(pod("p", { nodeSelector: { a: "disallow" } }), DENIED);
    await configMap("ok", { a: "1" });
    const at = { namespace: "d", name: "ok" };
    const current = await client.get(configmaps, at);
    await assert.rejects(client.update(configmaps, { ...current, data: { a: "disallow" } } as never), DENIED);
    await assert.rejects(
      client.patch(configmaps, at, "application/merge-patch+json", { data: { a: "disallow" } }),
      DENIED,
    );
    await client.delete(configmaps, at);
    await client.delete(validatingwebhookconfigurations, { name: "v" });
    await configMap("disallow");
    await register("Validating", "v", { rules: [ruleFor("*", "DELETE")] });
    await assert.rejects(client.delete(configmaps, { namespace: "d", name: "disallow" }), DENIED);
    const collection = "/api/v1/namespaces/d/configmaps";
    await assert.rejects(client.raw({ method: "DELETE", path: collection }), DENIED);
  });

  it("denies with a status that clients understand, whatever the webhook's says", async (t) => {
    const status = { code: 100_000, message: {}, reason: 7, details: "none", metadata: [] };
    const hook = await startTestWebhook(t, (review) => verdict(review, { allowed: false, status }));
    const { configMap, register } = await startTestCluster(t, hook);
    await register("Validating", "v", {});
    const message = 'admission webhook "h0.v.test" denied the request without explanation';
    await assert.rejects(configMap("c"), { code: 599, reason: "Unknown", message, details: undefined, metadata: {} });
  });

  it("spares namespaces and objects that its selectors leave out", async (t) => {
    const { client, configMap, register } = await refusing(t);
    await register("Validating", "v", {
      rules: [ruleFor("*", "CREATE")],
      namespaceSelector: { matchExpressions: [{ key: "skip", operator: "DoesNotExist" }] },
      objectSelector: { matchExpressions: [{ key: "skip", operator: "DoesNotExist" }] },
    });
    await assert.rejects(client.create(namespaces, { metadata: { name: "disallow" } } as never), DENIED);
    await client.create(namespaces, { metadata: { name: "disallow", labels: { skip: "1" } } } as never);
    await client.create(configmaps, { metadata: { name: "disallow", namespace: "disallow" } } as never);
    await configMap("disallow", {}, { labels: { skip: "1" } });
    await assert.rejects(configMap("disallow2"), DENIED);
    await assert.rejects(configMap("disallow3", {}, { namespace: "none" }), { code: 404 });
  });

  it("denies CustomResourceDefinitions", async (t) => {
    const { client, register } = await refusing(t);
    await register("Validating", "v", { rules: [ruleFor("customresourcedefinitions")] });
    const body = {
      metadata: { name: "foos.disallow.test" },
      spec: {
        group: "disallow.test",
        scope: "Namespaced",
        names: { plural: "foos", singular: "foo", kind: "Foo", listKind: "FooList" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
      },
    };
    const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await assert.rejects(client.raw({ method: "POST", path, body }), DENIED);
  });

  it("honors its timeout, and its policy when that is over", async (t) => {
    const hook = await startTestWebhook(t, async (review, url) => {
      // Longer than the webhook may take, shorter than the patience of the test.
      if (url.startsWith("/slow")) await delay(1500, undefined, { ref: false });
      return verdict(review);
    });
    const { client, configMap, register } = await startTestCluster(t, hook);
    const slow = (policy: string): object => ({
      timeoutSeconds: 1,
      failurePolicy: policy,
      objectSelector: { matchLabels: { policy } },
    });
    await register("Validating", "slow", slow("Fail") as never, slow("Ignore") as never);
    const late = assert.rejects(configMap("a", {}, { labels: { policy: "Fail" } }), {
      code: 500,
      reason: "InternalError",
      message: new RegExp(
        `^Internal error occurred: failed calling webhook "h0\\.slow\\.test": failed to call webhook: Post "https://127\\.0\\.0\\.1:${hook.port}/slow\\?timeout=1s": context deadline exceeded$`,
      ),
    });
    await Promise.all([late, configMap("b", {}, { labels: { policy: "Ignore" } })]);
    const metrics = String(await client.raw({ method: "GET", path: "/metrics" }));
    const series = 'name="h1.slow.test",type="validating"';
    for (const line of [
      `apiserver_admission_webhook_fail_open_count{${series}} 1`,
      'apiserver_admission_webhook_rejection_count{name="h0.slow.test",type="validating",operation="CREATE",error_type="calling_webhook_error",rejection_code="500"} 1',
      `apiserver_admission_webhook_admission_duration_seconds_count{${series},operation="CREATE",rejected="false"} 1`,
    ])
      assert.ok(metrics.includes(`${line}\n`), line);
  });

  it("fails closed when it cannot be called", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review));
    const { configMap, register } = await startTestCluster(t, hook);
    const { url } = hook.clientConfig("/x");
    const caBundle = Buffer.from("nothing").toString("base64");
    await register("Validating", "v", { clientConfig: { url } });
    await assert.rejects(configMap("a"), {
      reason: "InternalError",
      message: /certificate signed by unknown authority/,
    });
    await register("Validating", "a", { clientConfig: { url, caBundle } });
    await assert.rejects(configMap("a"), {
      reason: "InternalError",
      message: /unable to load root certificates/,
    });
  });

  it("is called where its match conditions hold", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review, { allowed: false }));
    const { configMap, register, client } = await startTestCluster(t, hook);
    const when = (...expressions: string[]): object => ({
      matchConditions: expressions.map((expression, i) => ({ name: `c${i}`, expression })),
    });
    const mayRead = 'authorizer.group("").resource("secrets").namespace("d").check("get").allowed()';
    await register("Validating", "v", when('object.metadata.name != "skip-me"', mayRead) as never);
    await configMap("skip-me");
    await assert.rejects(configMap("other"), /denied the request without explanation/);
    await client.delete(validatingwebhookconfigurations, { name: "v" });
    await register("Validating", "v", when('object.data.none == "x"', 'request.operation == "CREATE"') as never);
    await assert.rejects(configMap("a"), {
      code: 403,
      message: `configmaps "a" is forbidden: expression 'object.data.none == "x"' resulted in error: no such key: data`,
    });
    await client.delete(validatingwebhookconfigurations, { name: "v" });
    const open = { ...when('object.data.none == "x"'), failurePolicy: "Ignore" };
    await register("Validating", "v", open as never);
    await configMap("a", { some: "x" });
    await assert.rejects(register("Validating", "w", when("object.metadata.") as never), {
      code: 422,
      message: /webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: .*compilation failed/,
    });
  });

  it("verifies the answer", async (t) => {
    let answer: object = {};
    const hook = await startTestWebhook(t, () => answer);
    const { configMap, register } = await startTestCluster(t, hook);
    await register("Validating", "v", {});
    const fails = async (given: object, message: RegExp): Promise<void> => {
      answer = given;
      await assert.rejects(configMap("a"), { code: 500, message });
    };
    const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" };
    await fails({}, /received invalid webhook response: expected webhook response of admission.k8s.io\/v1, Kind=Adm/);
    await fails(review, /received invalid webhook response: webhook response was absent/);
    await fails({ ...review, response: { uid: "x", allowed: true } }, /expected response.uid="[^"]+", got "x"/);
  });

  it("speaks v1beta1 when the webhook prefers it", async (t) => {
    const hook = await startTestWebhook(t, () => ({
      response: { allowed: false, status: { code: 418, reason: "Tea" } },
    }));
    const { configMap, register } = await startTestCluster(t, hook);
    await register("Validating", "v", { admissionReviewVersions: ["v9", "v1beta1", "v1"] });
    await assert.rejects(configMap("a"), {
      code: 418,
      message: 'admission webhook "h0.v.test" denied the request: Tea',
    });
    assert.equal(hook.requests[0]?.body.apiVersion, "admission.k8s.io/v1beta1");
  });

  it("is not asked about dry runs when it has side effects", async (t) => {
    const { client, hook, register } = await refusing(t);
    const path = "/api/v1/namespaces/d/configmaps";
    const dryRun = () =>
      client.raw({ method: "POST", path, query: { dryRun: "All" }, body: { metadata: { name: "a" } } });
    const attributes = { user: { name: "a", groups: [] }, dryRun: true } as never;
    await register("Validating", "v", { sideEffects: "NoneOnDryRun" });
    await dryRun();
    assert.equal(hook.requests[0]?.body.request.dryRun, true);
    // Version v1 refuses to store webhooks with side effects; older objects may have them.
    const invocation = { webhook: { name: "w", sideEffects: "Some" } } as never;
    await assert.rejects(callWebhook({} as never, invocation, attributes, {} as never, false), {
      code: 400,
      reason: "BadRequest",
      message: 'admission webhook "w" does not support dry run',
    });
  });

  it("hands on warnings", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review, { warnings: ["careful", "really"] }));
    const { test, register } = await startTestCluster(t, hook);
    await register("Validating", "v", {});
    const warnings: string[] = [];
    const path = "/api/v1/namespaces/d/configmaps";
    const query = new URLSearchParams();
    await test.server.pipeline.handle({
      info: requestInfoOf("POST", path, query),
      method: "POST",
      path,
      query,
      headers: {},
      user: { name: "admin", groups: ["system:masters"] },
      signal: new AbortController().signal,
      body: async () => ({ metadata: { name: "a" } }),
      warn: (text) => warnings.push(text),
    });
    assert.deepEqual(warnings, ["careful", "really"]);
  });

  it("is never asked about webhook configurations", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review, { allowed: false }));
    const { register, client } = await startTestCluster(t, hook);
    await register("Validating", "v", { rules: [ruleFor("*/*", "*")] });
    await register("Mutating", "m", { rules: [ruleFor("*/*", "*")] });
    await client.delete(validatingwebhookconfigurations, { name: "v" });
    assert.equal(hook.requests.length, 0);
  });

  it("sees subresources as what they are", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review));
    const { register, client, pod } = await startTestCluster(t, hook);
    await pod("p");
    await register("Validating", "v", { rules: [ruleFor("pods/*", "*"), ruleFor("deployments/scale", "*")] });
    await client.createSub(pods, { namespace: "d", name: "p" }, "binding", {
      metadata: { name: "p" },
      target: { kind: "Node", name: "n" },
    });
    const base = "/apis/apps/v1/namespaces/d/deployments";
    const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
    const spec = { replicas: 1, selector: { matchLabels: { a: "b" } }, template };
    await client.raw({ method: "POST", path: base, body: { metadata: { name: "w" }, spec } });
    const path = `${base}/w/scale`;
    await client.raw({
      method: "PATCH",
      path,
      contentType: "application/merge-patch+json",
      body: { spec: { replicas: 3 } },
    });
    await client.createSub(pods, { namespace: "d", name: "p" }, "eviction", { metadata: { name: "p" } });
    const seen = hook.requests.map(({ body: { request } }) => [
      request.operation,
      request.subResource,
      request.kind.kind,
      request.object?.spec?.replicas ?? request.object?.target?.name,
      request.oldObject?.spec.replicas,
    ]);
    assert.deepEqual(seen, [
      ["CREATE", "binding", "Binding", "n", undefined],
      ["UPDATE", "scale", "Scale", 3, 1],
      ["CREATE", "eviction", "Eviction", undefined, undefined],
    ]);
  });
});
