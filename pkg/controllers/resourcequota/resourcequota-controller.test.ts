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
});
