import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { NewObject } from "#pkg/api/resource-ref.ts";
import { type Pod, type PodStatus, pods } from "#pkg/api/types/core-v1.ts";
import {
  type PodDisruptionBudget,
  type PodDisruptionBudgetStatus,
  poddisruptionbudgets,
} from "#pkg/api/types/policy-v1.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { ApiError, isConflict, isNotFound } from "#pkg/errors/index.ts";
import { startTestServer, type TestServer } from "../../testing.ts";

const READY: PodStatus = {
  phase: "Running",
  conditions: [{ type: "Ready", status: "True" }],
} as PodStatus;

describe("eviction", () => {
  let test: TestServer;
  let client: Client;
  before(async () => {
    test = await startTestServer();
    client = createClient(test.transport);
  });
  after(() => test.close());

  let count = 0;
  /** A pod of its own namespace, and budgets over it. */
  async function given(status: object, ...budgets: [spec: object, status: object][]) {
    const at = { namespace: `n${++count}`, name: "p" };
    const pod = await client.create(pods, {
      metadata: { ...at, labels: { app: "a" } },
      spec: { nodeName: "n", containers: [{ name: "c", image: "i" }] },
    } as NewObject<Pod>);
    await client.updateStatus(pods, { ...pod, status: { ...pod.status, ...status } } as Pod);
    for (const [i, [spec, observed]] of budgets.entries()) {
      const metadata = { namespace: at.namespace, name: `b${i}` };
      const budget = await client.create(poddisruptionbudgets, {
        metadata,
        spec: { selector: { matchLabels: { app: "a" } }, ...spec },
      } as NewObject<PodDisruptionBudget>);
      await client.updateStatus(poddisruptionbudgets, {
        ...budget,
        status: { observedGeneration: 1, desiredHealthy: 1, currentHealthy: 1, ...observed },
      } as PodDisruptionBudget);
    }
    return {
      at,
      evict: (options: object = {}, query: object = {}) =>
        client.raw({
          method: "POST",
          path: `/api/v1/namespaces/${at.namespace}/pods/p/eviction`,
          query: query as Record<string, string>,
          body: { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "p" }, ...options },
        }),
      budget: async (): Promise<PodDisruptionBudgetStatus | undefined> =>
        (await client.get(poddisruptionbudgets, { namespace: at.namespace, name: "b0" })).status,
      pod: () => client.get(pods, at),
    };
  }
  const failure = async (call: Promise<unknown>): Promise<ApiError> => {
    const err = await call.then(
      () => assert.fail("it was not refused"),
      (each: unknown) => each,
    );
    assert.ok(err instanceof ApiError);
    return err;
  };
  const causes = (err: ApiError): unknown => [
    err.code,
    err.reason,
    err.message,
    err.details?.causes,
    err.details?.retryAfterSeconds,
  ];
  const CANNOT = "Cannot evict pod as it would violate the pod's disruption budget.";

  it("deletes a pod without a budget and says in its status why", async () => {
    const { evict, pod } = await given(READY);
    assert.deepEqual(await evict(), { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 });
    const { metadata, status } = await pod();
    assert.equal(metadata.deletionGracePeriodSeconds, 30);
    const why = status?.conditions?.find(({ type }) => type === "DisruptionTarget");
    assert.deepEqual(
      [why?.status, why?.reason, why?.message],
      ["True", "EvictionByEvictionAPI", "Eviction API: evicting"],
    );
  });

  it("refuses while the budget allows nothing, is unknown yet, or is one of several", async () => {
    const none = await given(READY, [
      { minAvailable: 1 },
      { disruptionsAllowed: 0, desiredHealthy: 3, currentHealthy: 2 },
    ]);
    const message = "The disruption budget b0 needs 3 healthy pods and has 2 currently";
    assert.deepEqual(causes(await failure(none.evict())), [
      429,
      "TooManyRequests",
      CANNOT,
      [{ reason: "DisruptionBudget", message }],
      undefined,
    ]);
    const fresh = await given(READY, [{ minAvailable: 1 }, { observedGeneration: 0, disruptionsAllowed: 1 }]);
    assert.deepEqual(causes(await failure(fresh.evict())), [
      429,
      "TooManyRequests",
      CANNOT,
      [{ reason: "DisruptionBudget", message: "The disruption budget b0 is still being processed by the server." }],
      10,
    ]);
    const one: [object, object] = [{ minAvailable: 1 }, { disruptionsAllowed: 1 }];
    const several = await failure((await given(READY, one, one)).evict());
    assert.deepEqual(
      [several.code, several.message],
      [500, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."],
    );
  });

  it("spends the budget once and notes the pod", async () => {
    const { evict, budget } = await given(READY, [{ minAvailable: 1 }, { disruptionsAllowed: 1 }]);
    await evict({}, { dryRun: "All" });
    assert.equal((await budget())?.disruptionsAllowed, 1);
    await evict();
    const status = await budget();
    assert.equal(status?.disruptionsAllowed, 0);
    assert.deepEqual(Object.keys(status?.disruptedPods ?? {}), ["p"]);
    assert.equal(status?.conditions?.[0]?.reason, "InsufficientPods");
    // It is going already: that asks no budget.
    await evict();
  });

  it("lets pods go that serve nobody", async () => {
    const full: [object, object] = [{ minAvailable: 1 }, { disruptionsAllowed: 0 }];
    for (const phase of ["Pending", "Succeeded", "Failed"]) await (await given({ phase }, full)).evict();
    const running = { phase: "Running" };
    await (await given(running, full)).evict();
    const few: [object, object] = [{ minAvailable: 1 }, { disruptionsAllowed: 0, currentHealthy: 0 }];
    assert.equal((await failure((await given(running, few)).evict())).code, 429);
    const always: [object, object] = [{ minAvailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow" }, few[1]];
    await (await given(running, always)).evict();
  });

  it("heeds names, preconditions and options", async () => {
    const { evict, pod } = await given(READY);
    await assert.rejects(evict({ metadata: { name: "q" } }), /name in URL does not match name in Eviction object/);
    await assert.rejects(evict({ deleteOptions: { preconditions: { uid: "x" } } }), isConflict);
    await assert.rejects(evict({ deleteOptions: { propagationPolicy: "x" } }), /Unsupported value: "x"/);
    const { uid } = (await pod()).metadata;
    await evict({ deleteOptions: { gracePeriodSeconds: 0, preconditions: { uid } } });
    await assert.rejects(pod(), isNotFound);
  });
});
