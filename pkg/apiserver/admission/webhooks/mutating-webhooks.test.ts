import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mutatingwebhookconfigurations } from "#pkg/api/types/admissionregistration-v1.ts";
import { configmaps, pods } from "#pkg/api/types/core-v1.ts";
import { startTestWebhook } from "../../webhook/testing.ts";
import { jsonPatch, ruleFor, startTestCluster, verdict } from "./testing.ts";

const addData = (key: string): object => jsonPatch({ op: "add", path: `/data/${key}`, value: "yes" });

describe("MutatingAdmissionWebhook", { concurrency: true }, () => {
  it("changes objects from the moment it is registered until it is gone", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review, addData("mutated") as never));
    const { configMap, register, client } = await startTestCluster(t, hook);
    for (let i = 0; i < 10; i++) await register("Mutating", `m${i}`, {});
    assert.deepEqual((await configMap("a", { own: "1" })).data, { own: "1", mutated: "yes" });
    assert.equal(hook.requests.length, 10);
    assert.deepEqual(
      hook.requests.map((each) => each.url),
      Array.from({ length: 10 }, (_, i) => `/m${i}?timeout=10s`),
    );
    await client.raw({ method: "DELETE", path: `/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations` });
    assert.deepEqual((await configMap("b", { own: "1" })).data, { own: "1" });
  });

  it("follows updates of its rules", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review, addData("mutated") as never));
    const { configMap, register, client } = await startTestCluster(t, hook);
    await register("Mutating", "m", {});
    const current = await client.get(mutatingwebhookconfigurations, { name: "m" });
    const updated = structuredClone(current) as any; // oxlint-disable-line no-explicit-any -- the fixture's own
    updated.webhooks[0].rules[0].operations = ["UPDATE"];
    await client.update(mutatingwebhookconfigurations, updated);
    assert.deepEqual((await configMap("a", { own: "1" })).data, { own: "1" });
    await client.patch(mutatingwebhookconfigurations, { name: "m" }, "application/json-patch+json", [
      { op: "replace", path: "/webhooks/0/rules/0/operations", value: ["CREATE"] },
    ]);
    assert.deepEqual((await configMap("b", { own: "1" })).data, { own: "1", mutated: "yes" });
  });

  it("lets defaults apply to what it added", async (t) => {
    const hook = await startTestWebhook(t, (review) =>
      verdict(
        review,
        jsonPatch({ op: "add", path: "/spec/initContainers", value: [{ name: "added", image: "x", bogus: 1 }] }),
      ),
    );
    const { pod, register } = await startTestCluster(t, hook);
    await register("Mutating", "m", { rules: [ruleFor("pods")] });
    const made = (await pod("p")) as { spec: { initContainers: Record<string, unknown>[] } };
    const [added] = made.spec.initContainers;
    assert.equal(added?.["terminationMessagePolicy"], "File");
    assert.equal(added?.["bogus"], undefined);
    // The service account's volume is mounted there too, since built-in plugins see the change.
    assert.equal((added?.["volumeMounts"] as object[] | undefined)?.length, 1);
  });

  it("is told what upstream tells", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review));
    const { configMap, register, client } = await startTestCluster(t, hook);
    await register("Mutating", "m", { rules: [ruleFor("configmaps", "CREATE", "UPDATE", "DELETE")] });
    const made = await configMap("a", { x: "1" });
    await client.patch(configmaps, { name: "a", namespace: "d" }, "application/merge-patch+json", { data: { x: "2" } });
    await client.delete(configmaps, { name: "a", namespace: "d" }, { propagationPolicy: "Background" });
    const [create, update, remove] = hook.requests.map((each) => each.body.request);
    const kind = { group: "", version: "v1", kind: "ConfigMap" };
    const resource = { group: "", version: "v1", resource: "configmaps" };
    const { uid, object, ...rest } = create;
    assert.match(uid, /^[0-9a-f-]{36}$/);
    assert.equal(object.metadata.uid, (made.metadata as { uid: string }).uid);
    assert.deepEqual(rest, {
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      name: "a",
      namespace: "d",
      operation: "CREATE",
      userInfo: { username: "admin", groups: ["system:masters", "system:authenticated"] },
      oldObject: null,
      dryRun: false,
      options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
    });
    assert.deepEqual([update.object.data, update.oldObject.data], [{ x: "2" }, { x: "1" }]);
    assert.equal(update.options.kind, "UpdateOptions");
    assert.deepEqual([remove.operation, remove.object, remove.oldObject.data], ["DELETE", null, { x: "2" }]);
    assert.deepEqual(remove.options, {
      kind: "DeleteOptions",
      apiVersion: "meta.k8s.io/v1",
      propagationPolicy: "Background",
    });
  });

  it("is called again when a later one changed the object and it wants to know", async (t) => {
    const hook = await startTestWebhook(t, (review, url) => {
      const { data } = review.request.object;
      if (url.startsWith("/first") && data.second === "yes") return verdict(review, addData("seen") as never);
      return url.startsWith("/second") && data.second === undefined
        ? verdict(review, addData("second") as never)
        : verdict(review);
    });
    const { configMap, register } = await startTestCluster(t, hook);
    await register("Mutating", "first", { reinvocationPolicy: "IfNeeded" });
    await register("Mutating", "second", {});
    assert.deepEqual((await configMap("a", { own: "1" })).data, { own: "1", second: "yes", seen: "yes" });
    assert.deepEqual(
      hook.requests.map((each) => each.url.split("?")[0]),
      ["/first", "/second", "/first"],
    );
  });

  it("changes no more through a subresource than its callers can", async (t) => {
    const hook = await startTestWebhook(t, (review) =>
      verdict(
        review,
        jsonPatch(
          { op: "replace", path: "/spec/containers/0/image", value: "evil" },
          { op: "add", path: "/status/message", value: "seen" },
        ),
      ),
    );
    const { client, pod, register } = await startTestCluster(t, hook);
    const made = await pod("p");
    await register("Mutating", "m", { rules: [ruleFor("pods/status", "UPDATE")] });
    const updated = await client.updateStatus(pods, { ...made, status: { phase: "Running" } } as never);
    assert.deepEqual([updated.status?.phase, updated.status?.message], ["Running", "seen"]);
    assert.equal(updated.spec?.containers[0]?.image, "i");
  });

  it("is refused when its patch does not fit or changes the object's name", async (t) => {
    let patch: object = {};
    const hook = await startTestWebhook(t, (review) => verdict(review, patch as never));
    const { configMap, register } = await startTestCluster(t, hook);
    await register("Mutating", "m", {});
    const fails = async (given: object, message: RegExp): Promise<void> => {
      patch = given;
      await assert.rejects(configMap("a"), { code: 500, reason: "InternalError", message });
    };
    await fails(jsonPatch({ op: "remove", path: "/data/none" }), /in our request/);
    await fails(jsonPatch({ op: "replace", path: "/metadata/name", value: "b" }), /does not match the name on the URL/);
    await fails(jsonPatch({ op: "add", path: "/data", value: 5 }), /cannot unmarshal/);
    await fails({ ...jsonPatch({ op: "remove", path: "/data" }), patchType: "MergePatch" }, /unsupported patch type/);
    await fails({ patch: "W10=" }, /webhook returned response.patch but not response.patchType/);
  });
});
