import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { Mutable } from "#pkg/api/resource-ref.ts";
import type { Service, ServiceSpec } from "#pkg/api/types/core-v1.ts";
import { createLogger } from "#pkg/log/index.ts";
import type { HookTransaction } from "../types.ts";
import { ServiceAllocator } from "./service-allocator.ts";

const service = (name: string, spec: ServiceSpec, namespace = "default"): Mutable<Service> =>
  structuredClone({
    metadata: { name, namespace },
    spec: { type: "ClusterIP", ...spec },
  }) as unknown as Mutable<Service>;

function allocatorOver(existing: readonly Service[], nodePorts = { from: 30_000, to: 30_099 }): ServiceAllocator {
  return new ServiceAllocator({
    reader: {
      get: () => undefined,
      list: (resource) => (resource === "services" ? existing : []),
      onChange: () => () => {},
    },
    writer: { create: async () => {}, remove: async () => {} },
    log: createLogger("silent"),
    serviceCidr: "10.43.0.0/24",
    clusterDns: "10.43.0.10",
    nodePortRange: nodePorts,
  });
}
/** As the registry does when the object was written. */
async function store(begun: Promise<HookTransaction>): Promise<void> {
  const transaction = await begun;
  transaction.writing?.();
  await transaction.commit();
}
const stored = (s: Mutable<Service>): Service => structuredClone(s) as unknown as Service;

describe("ServiceAllocator", () => {
  let allocator: ServiceAllocator;
  beforeEach(() => {
    allocator = allocatorOver([]);
  });

  it("gives a cluster IP from the upper band and the family", async () => {
    const s = service("a", {});
    await store(allocator.beginCreate(s));
    assert.match(s.spec?.clusterIP ?? "", /^10\.43\.0\.\d+$/);
    assert.ok(Number(s.spec?.clusterIP?.split(".")[3]) > 16);
    assert.deepEqual(s.spec?.clusterIPs, [s.spec?.clusterIP]);
    assert.deepEqual([s.spec?.ipFamilyPolicy, s.spec?.ipFamilies], ["SingleStack", ["IPv4"]]);
  });

  it("refuses an address that is taken, out of range, or none", async () => {
    await store(allocator.beginCreate(service("a", { clusterIP: "10.43.0.5" })));
    await assert.rejects(allocator.beginCreate(service("b", { clusterIP: "10.43.0.5" })), {
      reason: "Invalid",
      message:
        /spec.clusterIPs: Invalid value: \["10.43.0.5"\]: failed to allocate IP 10.43.0.5: provided IP is already allocated/,
    });
    await assert.rejects(allocator.beginCreate(service("b", { clusterIP: "10.43.0.255" })), {
      message: /the provided IP \(10.43.0.255\) is not in the valid range. The range of valid IPs is 10.43.0.0\/24/,
    });
    await assert.rejects(allocator.beginCreate(service("b", { clusterIP: "10.44.0.5" })), {
      message: /failed to allocate IP 10.44.0.5: the provided network does not match the current range/,
    });
    await assert.rejects(allocator.beginCreate(service("b", { clusterIP: "x" })), { reason: "Invalid" });
  });

  it("gives an address back when the write fails or the service is deleted", async () => {
    await (await allocator.beginCreate(service("a", { clusterIP: "10.43.0.5" }))).rollback();
    const b = service("b", { clusterIP: "10.43.0.5" });
    await store(allocator.beginCreate(b));
    await allocator.afterDelete(stored(b));
    await store(allocator.beginCreate(service("c", { clusterIP: "10.43.0.5" })));
  });

  it("keeps reserved addresses for their services", async () => {
    await assert.rejects(allocator.beginCreate(service("a", { clusterIP: "10.43.0.1" })), { reason: "Invalid" });
    await assert.rejects(allocator.beginCreate(service("a", { clusterIP: "10.43.0.10" })), { reason: "Invalid" });
    await store(allocator.beginCreate(service("kubernetes", { clusterIP: "10.43.0.1" })));
    await store(allocator.beginCreate(service("kube-dns", { clusterIP: "10.43.0.10" }, "kube-system")));
  });

  it("knows what existing services hold", async () => {
    const existing = service("a", {
      type: "NodePort",
      clusterIPs: ["10.43.0.77"],
      ports: [{ port: 80, nodePort: 30_050 }],
    });
    const restarted = allocatorOver([stored(existing)]);
    await assert.rejects(restarted.beginCreate(service("b", { clusterIP: "10.43.0.77" })), { reason: "Invalid" });
    const ports = [{ port: 80, nodePort: 30_050 }];
    await assert.rejects(restarted.beginCreate(service("b", { type: "NodePort", ports })), {
      message: /spec.ports\[0\].nodePort: Invalid value: 30050: provided port is already allocated/,
    });
  });

  it("gives node ports, one for two protocols of a port", async () => {
    const s = service("dns", {
      type: "NodePort",
      ports: [
        { name: "udp", port: 53, protocol: "UDP" },
        { name: "tcp", port: 53, protocol: "TCP" },
        { name: "http", port: 80, protocol: "TCP" },
      ],
    });
    await store(allocator.beginCreate(s));
    const [udp, tcp, http] = (s.spec?.ports ?? []).map((p) => p.nodePort ?? 0);
    assert.equal(udp, tcp);
    assert.notEqual(tcp, http);
    assert.ok(http !== undefined && http >= 30_000 && http <= 30_099);
  });

  it("gives a health check port to local load balancers", async () => {
    const s = service("lb", { type: "LoadBalancer", externalTrafficPolicy: "Local", ports: [{ port: 80 }] });
    await store(allocator.beginCreate(s));
    assert.ok((s.spec?.healthCheckNodePort ?? 0) >= 30_000);
  });

  it("says when the range is full and takes nothing then", async () => {
    const small = allocatorOver([], { from: 30_000, to: 30_001 });
    const three = { type: "NodePort", ports: [{ port: 1 }, { port: 2 }, { port: 3 }] };
    await assert.rejects(small.beginCreate(service("a", three)), { message: /range is full/ });
    await store(small.beginCreate(service("b", { type: "NodePort", ports: [{ port: 1 }, { port: 2 }] })));
  });

  it("keeps address and ports through an update that does not name them", async () => {
    const s = service("a", { type: "NodePort", ports: [{ port: 80, protocol: "TCP" }] });
    await store(allocator.beginCreate(s));
    const update = service("a", { type: "NodePort", ports: [{ port: 80, protocol: "TCP" }] });
    await store(allocator.beginUpdate(update, stored(s)));
    assert.equal(update.spec?.clusterIP, s.spec?.clusterIP);
    assert.deepEqual(update.spec?.ports, s.spec?.ports);
  });

  it("releases node ports when the type becomes ClusterIP, and the address when ExternalName", async () => {
    const s = service("a", { type: "NodePort", clusterIP: "10.43.0.5", ports: [{ port: 80, nodePort: 30_007 }] });
    await store(allocator.beginCreate(s));
    const inside = structuredClone(s);
    if (inside.spec !== undefined) inside.spec.type = "ClusterIP";
    await store(allocator.beginUpdate(inside, stored(s)));
    assert.equal(inside.spec?.ports?.[0]?.nodePort, undefined);
    const external = structuredClone(inside);
    if (external.spec !== undefined) Object.assign(external.spec, { type: "ExternalName", externalName: "x.example" });
    await store(allocator.beginUpdate(external, stored(inside)));
    assert.equal(external.spec?.clusterIP, undefined);
    const ports = [{ port: 80, nodePort: 30_007 }];
    await store(allocator.beginCreate(service("b", { type: "NodePort", clusterIP: "10.43.0.5", ports })));
  });

  it("leaves headless services without an address", async () => {
    const s = service("a", { clusterIP: "None" });
    await store(allocator.beginCreate(s));
    assert.deepEqual(s.spec?.clusterIPs, ["None"]);
    assert.deepEqual(s.spec?.ipFamilies, ["IPv4", "IPv6"]);
  });
});
