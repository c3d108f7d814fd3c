import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ipaddresses, servicecidrs } from "#pkg/api/types/networking-v1.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { startControllers } from "../testing.ts";

describe("ServiceCidrController", () => {
  it("says when a range is ready and keeps it while its addresses are in use", async (t) => {
    const { client, eventually } = await startControllers(t, ["service-cidr-controller"], {
      // Deletions are long past.
      now: () => Date.now() + 60_000,
    });
    const at = { name: "more" };
    await client.create(servicecidrs, { metadata: at, spec: { cidrs: ["10.50.0.0/24"] } });
    const ready = async () =>
      (await client.get(servicecidrs, at)).status?.conditions?.find(({ type }) => type === "Ready");
    await eventually("readiness", async () => (await ready())?.status === "True");
    assert.deepEqual((await client.get(servicecidrs, at)).metadata.finalizers, [
      "networking.k8s.io/service-cidr-finalizer",
    ]);
    const labels = { "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" };
    const spec = { parentRef: { resource: "services", namespace: "d", name: "s" } };
    await client.create(ipaddresses, { metadata: { name: "10.50.0.7", labels }, spec });
    await client.delete(servicecidrs, at);
    await eventually("the refusal", async () => (await ready())?.reason === "Terminating");
    assert.equal((await ready())?.status, "False");
    // A range that holds the address too lets the other go.
    await client.create(servicecidrs, { metadata: { name: "wider" }, spec: { cidrs: ["10.50.0.0/16"] } });
    await eventually("its end", async () => {
      try {
        await client.get(servicecidrs, at);
        return false;
      } catch (err) {
        return isNotFound(err);
      }
    });
  });
});
