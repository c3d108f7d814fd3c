import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NewObject } from "#pkg/api/index.ts";
import { endpoints, nodes, type Pod, pods, services } from "#pkg/api/types/core-v1.ts";
import { type EndpointSlice, endpointslices } from "#pkg/api/types/discovery-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { startControllers } from "../testing.ts";

const WEB = { namespace: "default", name: "web" };
const service = {
  metadata: { ...WEB, labels: { team: "a" } },
  spec: { selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "web" }] },
};

async function makePod(client: Client, name: string, ip: string, ready: boolean): Promise<Pod> {
  const pod: NewObject<Pod> = {
    metadata: { name, namespace: "default", labels: { app: "web" } },
    spec: {
      nodeName: "n1",
      containers: [{ name: "c", image: "busybox", ports: [{ name: "web", containerPort: 8080 }] }],
    },
  };
  const made = await client.create(pods, pod);
  return await client.updateStatus(pods, {
    ...made,
    status: {
      phase: "Running",
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    },
  });
}

const slices = async (client: Client): Promise<readonly EndpointSlice[]> =>
  (await client.list(endpointslices, { namespace: "default", labelSelector: "kubernetes.io/service-name=web" })).items;

describe("EndpointSliceController", () => {
  it("describes ready, unready and terminating pods with node, zone, port and owner", async (t) => {
    const { client, eventually } = await startControllers(t, ["endpointslice-controller", "endpoints-controller"]);
    await client.create(nodes, {
      metadata: { name: "n1", labels: { "topology.kubernetes.io/zone": "z" } },
      spec: {},
    });
    const svc = await client.create(services, service);
    const empty = await eventually("a placeholder", async () => (await slices(client))[0]);
    assert.deepEqual(empty.endpoints ?? [], []);
    const ready = await makePod(client, "a", "10.0.0.1", true);
    await makePod(client, "b", "10.0.0.2", false);
    const slice = await eventually("2 endpoints", async () => {
      const all = await slices(client);
      return all.length === 1 && all[0]?.endpoints?.length === 2 && all[0];
    });
    assert.equal(slice.metadata.labels?.["endpointslice.kubernetes.io/managed-by"], "endpointslice-controller.k8s.io");
    assert.equal(slice.metadata.labels?.["team"], "a");
    assert.match(slice.metadata.name, /^web-[a-z0-9]{5}$/);
    assert.equal(slice.metadata.ownerReferences?.[0]?.uid, svc.metadata.uid);
    assert.deepEqual(slice.ports, [{ name: "http", port: 8080, protocol: "TCP" }]);
    assert.deepEqual(
      slice.endpoints?.find((e) => e.targetRef?.name === "a"),
      {
        addresses: ["10.0.0.1"],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: "n1",
        zone: "z",
        targetRef: { kind: "Pod", namespace: "default", name: "a", uid: ready.metadata.uid },
      },
    );
    await eventually("Endpoints", async () => {
      const { subsets } = await client.get(endpoints, WEB);
      const [subset] = subsets ?? [];
      return subset?.addresses?.[0]?.ip === "10.0.0.1" && subset.notReadyAddresses?.[0]?.ip === "10.0.0.2";
    });
    await client.delete(pods, { namespace: "default", name: "a" });
    await eventually("terminating", async () =>
      (await slices(client))[0]?.endpoints?.some(
        (e) => e.conditions?.terminating === true && e.conditions.serving === true && e.conditions.ready === false,
      ),
    );
    await client.delete(pods, { namespace: "default", name: "a" }, { gracePeriodSeconds: 0 });
    await eventually("its end", async () => (await slices(client))[0]?.endpoints?.length === 1);
    await client.delete(services, WEB);
    await eventually("no Endpoints", async () => {
      const left = (await client.list(endpoints, { namespace: "default" })).items;
      return left.every(({ metadata }) => metadata.name !== "web");
    });
  });
});

describe("EndpointSliceMirroringController", () => {
  it("copies Endpoints of a service without selector, and follows them", async (t) => {
    const { client, eventually } = await startControllers(t, ["endpointslice-mirroring-controller"]);
    await client.create(services, { metadata: WEB, spec: { ports: [{ port: 80 }] } });
    const made = await client.create(endpoints, {
      metadata: WEB,
      subsets: [{ addresses: [{ ip: "10.1.0.1" }, { ip: "fd00::1" }], ports: [{ port: 8080 }] }],
    });
    const all = await eventually("a slice of each family", async () => {
      const found = await slices(client);
      return found.length === 2 && found;
    });
    const four = all.find((slice) => slice.addressType === "IPv4");
    assert.deepEqual(four?.endpoints?.[0]?.addresses, ["10.1.0.1"]);
    assert.deepEqual(four?.ports, [{ name: "", port: 8080, protocol: "TCP" }]);
    assert.equal(four?.metadata.ownerReferences?.[0]?.kind, "Endpoints");
    await client.update(endpoints, {
      ...made,
      subsets: [{ addresses: [{ ip: "10.1.0.2" }], ports: [{ port: 8080 }] }],
    });
    await eventually("the change", async () => {
      const found = await slices(client);
      return found.length === 1 && found[0]?.endpoints?.[0]?.addresses[0] === "10.1.0.2";
    });
    await client.delete(endpoints, WEB);
    await eventually("none", async () => (await slices(client)).length === 0);
  });
});
