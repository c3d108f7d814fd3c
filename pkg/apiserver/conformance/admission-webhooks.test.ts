// What the statements "AdmissionWebhook should …" ask of configurations, beside pkg/apiserver/admission/webhooks.
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import {
  mutatingwebhookconfigurations,
  validatingwebhookconfigurations,
} from "#pkg/api/types/admissionregistration-v1.ts";
import { pods } from "#pkg/api/types/core-v1.ts";
import { jsonPatch, ruleFor, startTestCluster, verdict } from "../admission/webhooks/testing.ts";
import { startTestWebhook } from "../webhook/testing.ts";
import { MERGE } from "./testing.ts";

const KINDS = {
  Mutating: mutatingwebhookconfigurations,
  Validating: validatingwebhookconfigurations,
} as const;
const LABELLED = { labelSelector: "e2e=yes" };
const TEN = Array.from({ length: 10 }, (_, i) => `w${i}`);

describe("AdmissionWebhook", { concurrency: true }, () => {
  for (const kind of ["Mutating", "Validating"] as const)
    it(`finds ten configurations by label, obeys them, and forgets them with their collection: ${kind}`, async (t) => {
      const hook = await startTestWebhook(t, (review) =>
        verdict(
          review,
          kind === "Mutating" ? jsonPatch({ op: "add", path: "/data/mutated", value: "yes" }) : { allowed: false },
        ),
      );
      const { client, configMap, register } = await startTestCluster(t, hook);
      for (const name of TEN) {
        await register(kind, name, {});
        await client.patch<unknown>(KINDS[kind], { name }, MERGE, { metadata: { labels: { e2e: "yes" } } });
      }
      await register(kind, "other", { rules: [ruleFor("secrets")] });
      const names = async (): Promise<string[]> =>
        (await client.list(KINDS[kind] as typeof validatingwebhookconfigurations, LABELLED)).items.map(
          ({ metadata }) => metadata.name,
        );
      assert.deepEqual(await names(), TEN);
      if (kind === "Mutating")
        assert.deepEqual((await configMap("a", { own: "1" }))["data"], { own: "1", mutated: "yes" });
      else await assert.rejects(configMap("a"), /denied the request/);
      await client.deleteCollection(KINDS[kind], LABELLED);
      assert.deepEqual(await names(), []);
      assert.deepEqual((await configMap("b", { own: "1" }))["data"], { own: "1" });
      assert.equal(
        (await client.get<{ metadata: { name: string } }>(KINDS[kind], { name: "other" })).metadata.name,
        "other",
      );
    });

  it("applies to an operation as long as a validating configuration says so", async (t) => {
    const hook = await startTestWebhook(t, (review) => verdict(review, { allowed: false }));
    const { client, configMap, register } = await startTestCluster(t, hook);
    await register("Validating", "v", {});
    await assert.rejects(configMap("a"), /denied the request/);
    const change = (operation: string): Promise<unknown> =>
      client.patch(validatingwebhookconfigurations, { name: "v" }, "application/json-patch+json", [
        { op: "replace", path: "/webhooks/0/rules/0/operations", value: [operation] },
      ]);
    await change("UPDATE");
    await configMap("a");
    await change("CREATE");
    await assert.rejects(configMap("b"), /denied the request/);
  });

  for (const kind of ["Mutating", "Validating"] as const)
    it(`keeps match conditions as they were created and updated: ${kind}`, async (t) => {
      const hook = await startTestWebhook(t, (review) => verdict(review));
      const { client, register } = await startTestCluster(t, hook);
      const first = [{ name: "c1", expression: "object.metadata.name != 'x'" }];
      const second = [
        { name: "c2", expression: "request.operation == 'CREATE'" },
        { name: "c3", expression: "!('skip' in object.metadata)" },
      ];
      const resource = KINDS[kind] as typeof validatingwebhookconfigurations;
      const read = async () => client.get(resource, { name: "w" });
      await register(kind, "w", { matchConditions: first });
      const made = await read();
      assert.deepEqual(made.webhooks?.[0]?.matchConditions, first);
      await client.update(resource, {
        ...made,
        webhooks: made.webhooks?.map((each) => ({ ...each, matchConditions: second })),
      } as never);
      assert.deepEqual((await read()).webhooks?.[0]?.matchConditions, second);
      const broken = [{ name: "c", expression: "... [] bad expression" }];
      await assert.rejects(register(kind, "broken", { matchConditions: broken }), {
        code: 422,
        message: /webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: .*compilation failed/s,
      });
    });

  it("changes every object that its match conditions do not leave out", async (t) => {
    const hook = await startTestWebhook(t, (review) =>
      verdict(review, jsonPatch({ op: "add", path: "/data", value: { mutated: "yes" } })),
    );
    const { configMap, register } = await startTestCluster(t, hook);
    await register("Mutating", "m", {
      matchConditions: [{ name: "skip-me", expression: "object.metadata.name != 'skip-me'" }],
    });
    assert.equal((await configMap("skip-me"))["data"], undefined);
    assert.deepEqual((await configMap("other"))["data"], { mutated: "yes" });
  });

  it("denies pods whose webhook hangs, and updates and patches that make a good pod bad", async (t) => {
    const hook = await startTestWebhook(t, async (review) => {
      const text = JSON.stringify(review.request.object);
      if (text.includes("hang-me")) await delay(1500, undefined, { ref: false });
      return verdict(review, text.includes("disallow") ? { allowed: false, status: { message: "unwanted" } } : {});
    });
    const { client, pod, register } = await startTestCluster(t, hook);
    await register("Validating", "v", { timeoutSeconds: 1, rules: [ruleFor("pods", "CREATE", "UPDATE")] });
    const made = await pod("good");
    const at = { namespace: "d", name: "good" };
    const bad = { metadata: { annotations: { a: "disallow" } } };
    await assert.rejects(client.patch(pods, at, MERGE, bad), /denied the request: unwanted/);
    const metadata = { ...(made["metadata"] as object), ...bad.metadata };
    await assert.rejects(client.update(pods, { ...made, metadata } as never), /denied the request: unwanted/);
    await assert.rejects(pod("hangs", { nodeSelector: { a: "hang-me" } }), {
      code: 500,
      reason: "InternalError",
      message: /failed calling webhook "h0\.v\.test": .*context deadline exceeded/,
    });
    const { items } = await client.list(pods, { namespace: "d" });
    assert.deepEqual(
      items.map((each) => each.metadata.name),
      ["good"],
    );
  });

  it("waits for a slow webhook as long as its timeout, ten seconds when it has none", async (t) => {
    const hook = await startTestWebhook(t, async (review) => {
      await delay(200, undefined, { ref: false });
      return verdict(review);
    });
    const { client, configMap, register } = await startTestCluster(t, hook);
    await register("Validating", "long", { timeoutSeconds: 10 });
    await register("Validating", "none", {});
    const { webhooks } = await client.get(validatingwebhookconfigurations, { name: "none" });
    assert.equal(webhooks?.[0]?.timeoutSeconds, 10);
    await configMap("a");
    assert.deepEqual(hook.requests.map(({ url }) => url).toSorted(), ["/long?timeout=10s", "/none?timeout=10s"]);
  });
});
