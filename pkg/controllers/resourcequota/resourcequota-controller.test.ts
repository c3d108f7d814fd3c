import { describe, it } from "node:test";
import { configmaps, pods, resourcequotas } from "#pkg/api/types/core-v1.ts";
import { startControllers } from "../testing.ts";

describe("ResourceQuotaController", () => {
  it("counts what the namespace uses, and less when it is gone", async (t) => {
    const { client, eventually } = await startControllers(t, ["resourcequota-controller"]);
    const at = { namespace: "default", name: "limit" };
    for (const name of ["a", "b"]) await client.create(configmaps, { metadata: { namespace: "default", name } });
    await client.create(pods, {
      metadata: { namespace: "default", name: "p" },
      spec: { containers: [{ name: "c", image: "busybox", resources: { requests: { cpu: "250m" } } }] },
    });
    await client.create(resourcequotas, {
      metadata: at,
      spec: { hard: { configmaps: "5", pods: "5", "requests.cpu": "1", secrets: "5" } },
    });
    const used = async (): Promise<string> => {
      const { status } = await client.get(resourcequotas, at);
      const { configmaps: c, pods: p, secrets: s } = status?.used ?? {};
      return [c, p, s, status?.used?.["requests.cpu"]].join();
    };
    await eventually("the count", async () => (await used()) === "2,1,0,250m");
    await client.delete(configmaps, { namespace: "default", name: "a" });
    await client.delete(pods, { namespace: "default", name: "p" }, { gracePeriodSeconds: 0 });
    await eventually("less", async () => (await used()) === "1,0,0,0");
  });

  it("counts pods for the quotas whose scopes are about them", async (t) => {
    const { client, eventually } = await startControllers(t, ["resourcequota-controller"]);
    const namespace = "default";
    const scopes = ["BestEffort", "NotBestEffort", "Terminating", "NotTerminating"];
    for (const scope of scopes)
      await client.create(resourcequotas, {
        metadata: { namespace, name: scope.toLowerCase() },
        spec: { hard: { pods: "5" }, scopes: [scope] },
      });
    const used = async (): Promise<string> => {
      const counts = scopes.map(async (scope) => {
        const { status } = await client.get(resourcequotas, { namespace, name: scope.toLowerCase() });
        return status?.used?.["pods"];
      });
      return (await Promise.all(counts)).join();
    };
    await eventually("zeros", async () => (await used()) === "0,0,0,0");
    const requests = { cpu: "100m" };
    const make = async (name: string, spec: object, resources: object): Promise<void> => {
      await client.create(pods, {
        metadata: { namespace, name },
        spec: { containers: [{ name: "c", image: "busybox", resources }], ...spec },
      });
    };
    await make("a", {}, {});
    await make("b", { activeDeadlineSeconds: 3600 }, { requests });
    // Admission would have charged them; a change of the quota makes the controller count.
    for (const scope of scopes)
      await client.patch(resourcequotas, { namespace, name: scope.toLowerCase() }, "application/merge-patch+json", {
        spec: { hard: { pods: "6" } },
      });
    await eventually("the count", async () => (await used()) === "1,1,1,1");
    for (const name of ["a", "b"]) await client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });
    await eventually("zeros again", async () => (await used()) === "0,0,0,0");
  });
});
