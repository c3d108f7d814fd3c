import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  mutatingadmissionpolicies,
  mutatingadmissionpolicybindings,
  mutatingwebhookconfigurations,
  validatingadmissionpolicies,
  validatingadmissionpolicybindings,
  validatingwebhookconfigurations,
} from "#pkg/api/types/admissionregistration-v1.ts";
import type { KubeObject, ResourceRef } from "#pkg/api/resource-ref.ts";
import { ApiError, isNotFound } from "#pkg/errors/index.ts";
import { type Loose, matching, startPolicyCluster } from "./testing.ts";

const KINDS: readonly (readonly [ResourceRef<KubeObject>, Loose])[] = [
  [
    validatingadmissionpolicies as unknown as ResourceRef<KubeObject>,
    { failurePolicy: "Ignore", matchConstraints: matching("pods"), validations: [{ expression: "false" }] },
  ],
  [
    validatingadmissionpolicybindings as unknown as ResourceRef<KubeObject>,
    { policyName: "p", validationActions: ["Deny"] },
  ],
  [
    mutatingadmissionpolicies as unknown as ResourceRef<KubeObject>,
    {
      matchConstraints: matching("pods"),
      reinvocationPolicy: "Never",
      mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression: "Object{}" } }],
    },
  ],
  [mutatingadmissionpolicybindings as unknown as ResourceRef<KubeObject>, { policyName: "p" }],
];

describe("admission policies in the API", () => {
  // conformance: should support ValidatingAdmissionPolicy, MutatingAdmissionPolicy and MutatingAdmissionPolicyBinding API operations
  for (const [resource, spec] of KINDS)
    it(`${resource.plural} can be created, read, watched, changed and deleted when an administrator asks`, async (t) => {
      const { client } = await startPolicyCluster(t);
      const labels = { test: "api" };
      const make = (name: string) =>
        client.create(resource, { metadata: { name, labels }, spec } as unknown as KubeObject);
      const made = await make("one");
      assert.equal(made.metadata.generation, 1);
      await make("two");
      await make("three");
      const found = await client.list(resource, { labelSelector: "test=api" });
      assert.deepEqual(found.items.map((item) => item.metadata.name).sort(), ["one", "three", "two"]);
      const stop = new AbortController();
      const events: string[] = [];
      const watching = (async () => {
        const options = { resourceVersion: found.metadata.resourceVersion ?? "", signal: stop.signal };
        for await (const event of client.watch(resource, options as never))
          if (events.push(`${event.type} ${(event.object as KubeObject).metadata.name}`) === 3) break;
      })();
      const patched = await client.patch(resource, { name: "one" }, "application/merge-patch+json", {
        metadata: { annotations: { patched: "1" } },
      });
      assert.deepEqual(patched.metadata.annotations, { patched: "1" });
      const updated = await client.update(resource, {
        ...patched,
        metadata: { ...patched.metadata, annotations: { updated: "1" } },
      });
      assert.deepEqual(updated.metadata.annotations, { updated: "1" });
      assert.equal(updated.metadata.generation, 1);
      await client.delete(resource, { name: "one" });
      await watching;
      stop.abort();
      assert.deepEqual(events, ["MODIFIED one", "MODIFIED one", "DELETED one"]);
      await assert.rejects(client.get(resource, { name: "one" }), isNotFound);
      await client.deleteCollection(resource, { labelSelector: "test=api" } as never);
      assert.deepEqual((await client.list(resource, { labelSelector: "test=api" })).items, []);
    });

  it("validatingadmissionpolicies keep their status apart when it is written", async (t) => {
    const { client } = await startPolicyCluster(t);
    const resource = validatingadmissionpolicies;
    const spec = { matchConstraints: matching("pods"), validations: [{ expression: "false" }] };
    const made = await client.create(resource, {
      metadata: { name: "s" },
      spec,
      status: { observedGeneration: 5 },
    } as never);
    assert.deepEqual(made.status ?? {}, {});
    const condition = {
      type: "PolicyChecked",
      status: "False",
      reason: "E2E",
      message: "m",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    } as const;
    const written = await client.updateStatus(resource, { ...made, status: { conditions: [condition] } });
    assert.deepEqual(written.status?.conditions, [condition]);
    const changed = await client.update(resource, {
      ...written,
      spec: { ...written.spec, failurePolicy: "Ignore" },
      status: {},
    });
    assert.equal(changed.metadata.generation, 2);
    assert.deepEqual(changed.status?.conditions, [condition]);
  });

  // conformance: AdmissionWebhook should reject validating and mutating webhook configurations with invalid match conditions
  it("webhook configurations are refused when a match condition does not compile", async (t) => {
    const { client } = await startPolicyCluster(t);
    const webhooks = (expression: string): object[] => [
      {
        name: "a.b.c",
        clientConfig: { url: "https://localhost:1" },
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
        matchConditions: [{ name: "condition", expression }],
      },
    ];
    for (const resource of [validatingwebhookconfigurations, mutatingwebhookconfigurations]) {
      const create = (name: string, expression: string): Promise<unknown> =>
        client.create(resource as never, { metadata: { name }, webhooks: webhooks(expression) } as never);
      await assert.rejects(create("bad", "... [] bad expression"), (err) => {
        assert.ok(err instanceof ApiError);
        assert.equal(err.reason, "Invalid");
        assert.match(err.message, /webhooks\[0\]\.matchConditions\[0\]\.expression: .*compilation failed/s);
        return true;
      });
      await create("good", "object.metadata.namespace == 'd' && request.resource.resource == 'pods'");
    }
  });
});
