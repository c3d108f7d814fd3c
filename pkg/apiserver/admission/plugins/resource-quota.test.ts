import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pods, resourcequotas, services } from "#pkg/api/types/core-v1.ts";
import { crdOf, establish } from "../../customresources/testing.ts";
import { startTestCluster } from "../webhooks/testing.ts";

const quotaOf = (hard: object): never => ({ metadata: { name: "q", namespace: "d" }, spec: { hard } }) as never;
const noHooks = { clientConfig: () => ({ url: "", caBundle: "" }) };

describe("ResourceQuota through the API", () => {
  const used = async ({ client }: Awaited<ReturnType<typeof startTestCluster>>): Promise<unknown> =>
    (await client.get(resourcequotas, { namespace: "d", name: "q" })).status?.used;

  it("lets no more be created than fits, however many ask at once", async (t) => {
    const cluster = await startTestCluster(t, noHooks);
    await cluster.client.create(resourcequotas, quotaOf({ configmaps: "3", "count/configmaps": "5" }));
    const made = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => cluster.configMap(`c${i}`)));
    const refused = made.filter((each) => each.status === "rejected");
    assert.equal(refused.length, 5);
    assert.match(
      String(refused[0]?.reason),
      /configmaps "c\d" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=3, limited: configmaps=3$/,
    );
    assert.deepEqual(await used(cluster), { configmaps: "3", "count/configmaps": "3" });
  });

  it("charges pods what they request and names all that is exceeded", async (t) => {
    const cluster = await startTestCluster(t, noHooks);
    const hard = { pods: "5", cpu: "1", "requests.example.com/dongle": "3", "requests.ephemeral-storage": "50Gi" };
    await cluster.client.create(resourcequotas, quotaOf(hard));
    const podOf = (cpu: string, dongles: string) => ({
      containers: [
        {
          name: "c",
          image: "i",
          resources: {
            requests: { cpu, "ephemeral-storage": "30Gi", "example.com/dongle": dongles },
            limits: { "example.com/dongle": dongles },
          },
        },
      ],
    });
    await cluster.pod("a", podOf("500m", "2"));
    assert.deepEqual(await used(cluster), {
      pods: "1",
      cpu: "500m",
      "requests.example.com/dongle": "2",
      "requests.ephemeral-storage": "30Gi",
    });
    await assert.rejects(cluster.pod("b", podOf("600m", "2")), {
      code: 403,
      message:
        'pods "b" is forbidden: exceeded quota: q, requested: cpu=600m,requests.ephemeral-storage=30Gi,requests.example.com/dongle=2, used: cpu=500m,requests.ephemeral-storage=30Gi,requests.example.com/dongle=2, limited: cpu=1,requests.ephemeral-storage=50Gi,requests.example.com/dongle=3',
    });
    await assert.rejects(cluster.pod("c"), {
      message: 'pods "c" is forbidden: failed quota: q: must specify cpu for: c',
    });
    await cluster.client.delete(pods, { namespace: "d", name: "a" }, { gracePeriodSeconds: 0 });
    // Nobody told the quota yet: it is counted again before anyone is refused.
    await cluster.pod("b", podOf("600m", "2"));
  });

  it("counts node ports of services, and custom resources", async (t) => {
    const cluster = await startTestCluster(t, noHooks);
    await establish(cluster.test.transport, crdOf("crontabs", "CronTab"));
    const hard = { "services.nodeports": "1", "count/crontabs.stable.example.com": "1" };
    await cluster.client.create(resourcequotas, quotaOf(hard));
    const service = (name: string, type: string) =>
      cluster.client.create(services, {
        metadata: { name, namespace: "d" },
        spec: { type, ports: [{ port: 80 }] },
      } as never);
    await service("a", "NodePort");
    await service("b", "ClusterIP");
    const { metadata, spec } = await cluster.client.get(services, { namespace: "d", name: "b" });
    const asNodePort = { metadata, spec: { ...spec, type: "NodePort" } } as never;
    await assert.rejects(
      cluster.client.update(services, asNodePort),
      /exceeded quota: q, requested: services.nodeports=1/,
    );
    const crontab = (name: string) =>
      cluster.client.raw({
        method: "POST",
        path: "/apis/stable.example.com/v1/namespaces/d/crontabs",
        body: { apiVersion: "stable.example.com/v1", kind: "CronTab", metadata: { name }, spec: {} },
      });
    await crontab("a");
    await assert.rejects(crontab("b"), {
      message:
        'crontabs.stable.example.com "b" is forbidden: exceeded quota: q, requested: count/crontabs.stable.example.com=1, used: count/crontabs.stable.example.com=1, limited: count/crontabs.stable.example.com=1',
    });
  });
});
