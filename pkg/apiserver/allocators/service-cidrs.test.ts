import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { NewObject } from "#pkg/api/resource-ref.ts";
import { type Service, type ServiceSpec, services } from "#pkg/api/types/core-v1.ts";
import { type IPAddress, ipaddresses, type ServiceCIDR, servicecidrs } from "#pkg/api/types/networking-v1.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { isAlreadyExists, isInvalid, isNotFound } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { Bootstrap } from "../bootstrap/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { ServiceAllocator } from "./service-allocator.ts";

const log = createLogger("silent");
const ports = [{ port: 80 }];

describe("Service addresses", () => {
  let test: TestServer;
  let client: Client;
  let allocator: ServiceAllocator;
  before(async () => {
    test = await startTestServer(undefined, {
      hooks: (parts) => {
        const nodePortRange = { from: 30_000, to: 32_767 };
        allocator = new ServiceAllocator({ ...parts, log, serviceCidr: "10.43.0.0/24", nodePortRange });
        return { services: allocator, "networking.k8s.io/ipaddresses": allocator.ipAddressHooks };
      },
    });
    client = createClient(test.transport);
    const bootstrap = new Bootstrap({
      client,
      log,
      clusterIp: "10.43.0.1",
      serviceCidr: "10.43.0.0/24",
      advertised: () => ({ address: "192.0.2.1", port: 6443 }),
    });
    await bootstrap.ensure();
  });
  after(() => test.close());

  const make = (name: string, spec: Partial<ServiceSpec> = {}): Promise<Service> =>
    client.create(services, {
      metadata: { namespace: "default", name },
      spec: { ports, ...spec },
    } as NewObject<Service>);
  const address = (name: string): Promise<IPAddress> => client.get(ipaddresses, { name });

  it("come from the ServiceCIDR that the server makes", async () => {
    const range = await client.get(servicecidrs, { name: "kubernetes" });
    assert.deepEqual(range.spec?.cidrs, ["10.43.0.0/24"]);
    assert.deepEqual(range.metadata.finalizers, ["networking.k8s.io/service-cidr-finalizer"]);
    assert.equal(range.status?.conditions?.[0]?.status, "True");
    assert.deepEqual((await address("10.43.0.1")).spec?.parentRef, {
      resource: "services",
      namespace: "default",
      name: "kubernetes",
    });
  });

  it("have an IPAddress as long as the Service has them", async () => {
    const made = await make("a");
    const ip = made.spec.clusterIP ?? "";
    const record = await address(ip);
    assert.deepEqual(record.metadata.labels, {
      "ipaddress.kubernetes.io/ip-family": "IPv4",
      "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    });
    assert.equal(record.spec?.parentRef?.name, "a");
    await client.delete(services, { namespace: "default", name: "a" });
    await assert.rejects(address(ip), isNotFound);
    const again = await make("b", { clusterIP: ip });
    await client.update(services, {
      ...again,
      spec: { type: "ExternalName", externalName: "x.example" },
    } as unknown as Service);
    await assert.rejects(address(ip), isNotFound);
  });

  it("are recorded for nobody when the Service is refused or only tried", async () => {
    const count = async (): Promise<number> => (await client.list(ipaddresses)).items.length;
    await make("taken", { clusterIP: "10.43.0.30" });
    const before = await count();
    await assert.rejects(make("taken"), isAlreadyExists);
    await assert.rejects(make("wrong", { clusterIP: "10.43.0.31", ports: [{ port: 0 }] }), isInvalid);
    await assert.rejects(make("other", { clusterIP: "10.43.0.30" }), /10.43.0.30: provided IP is already allocated/);
    const tried = { metadata: { namespace: "default", name: "tried" }, spec: { ports } } as NewObject<Service>;
    assert.match((await client.create(services, tried, { dryRun: true })).spec.clusterIP ?? "", /^10\.43\.0\./);
    assert.equal(await count(), before);
    assert.equal((await make("right", { clusterIP: "10.43.0.31" })).spec.clusterIP, "10.43.0.31");
  });

  it("are not given out while somebody's IPAddress of that name exists", async () => {
    const metadata = { name: "10.43.0.40" };
    const spec = { parentRef: { group: "example.com", resource: "things", name: "x" } };
    await client.create(ipaddresses, { metadata, spec });
    await assert.rejects(make("c", { clusterIP: "10.43.0.40" }), /already allocated/);
    await client.delete(ipaddresses, metadata);
    await make("c", { clusterIP: "10.43.0.40" });
    await assert.rejects(client.create(ipaddresses, { metadata, spec }), isAlreadyExists);
    await client.delete(ipaddresses, metadata);
    assert.equal((await address("10.43.0.40")).spec?.parentRef?.name, "c");
  });

  it("come from every range that is ready", async () => {
    await assert.rejects(make("far", { clusterIP: "10.50.0.9" }), /does not match the current range/);
    const range: NewObject<ServiceCIDR> = { metadata: { name: "more" }, spec: { cidrs: ["10.50.0.0/28"] } };
    const made = await client.create(servicecidrs, range);
    assert.equal((await make("far", { clusterIP: "10.50.0.9" })).spec.clusterIP, "10.50.0.9");
    const conditions = [
      {
        type: "Ready",
        status: "False",
        reason: "Terminating",
        message: "",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      },
    ];
    await client.updateStatus(servicecidrs, { ...made, status: { conditions } });
    await assert.rejects(make("later", { clusterIP: "10.50.0.8" }), /does not match the current range/);
  });

  it("run out when every range is full", async () => {
    const server = await startTestServer(undefined, {
      hooks: (parts) => ({
        services: new ServiceAllocator({
          ...parts,
          log,
          serviceCidr: "10.60.0.0/29",
          nodePortRange: { from: 30_000, to: 30_001 },
        }),
      }),
    });
    const own = createClient(server.transport);
    const one = (name: string) =>
      own.create(services, { metadata: { namespace: "d", name }, spec: { ports } } as NewObject<Service>);
    // Six addresses, the first of which is kept for default/kubernetes.
    await Promise.all(["a", "b", "c", "d", "e"].map(one));
    await assert.rejects(one("f"), /failed to allocate a serviceIP: range is full/);
    const added = { metadata: { name: "more" }, spec: { cidrs: ["10.61.0.0/29"] } };
    await own.create(servicecidrs, added);
    assert.match((await one("f")).spec.clusterIP ?? "", /^10\.61\.0\./);
    await server.close();
  });

  it("are repaired at start: missing records are made, orphans go", async () => {
    const ip = (await make("lost")).spec.clusterIP ?? "";
    await test.server.writer.remove("networking.k8s.io/ipaddresses", "", ip, () => true);
    await assert.rejects(address(ip), isNotFound);
    const orphan: NewObject<IPAddress> = {
      metadata: { name: "10.43.0.77", labels: { "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io" } },
      spec: { parentRef: { resource: "services", namespace: "default", name: "gone" } },
    };
    await client.create(ipaddresses, orphan);
    await allocator.repair();
    assert.equal((await address(ip)).spec?.parentRef?.name, "lost");
    await assert.rejects(address("10.43.0.77"), isNotFound);
  });

  it("and ranges answer every verb of the API", async () => {
    const labels = { kind: "special-ip" };
    const spec = { parentRef: { group: "", resource: "services", namespace: "", name: "test" } };
    for (const name of ["192.168.2.2", "192.168.2.3", "2001:db8::1"])
      await client.create(ipaddresses, { metadata: { name, labels }, spec });
    const selected = { labelSelector: "kind=special-ip" };
    assert.equal((await client.list(ipaddresses, selected)).items.length, 3);
    const merge = "application/merge-patch+json";
    const at = { name: "192.168.2.2" };
    const patched = await client.patch(ipaddresses, at, merge, { metadata: { annotations: { patched: "true" } } });
    const annotations = { ...patched.metadata.annotations, updated: "true" };
    const updated = await client.update(ipaddresses, { ...patched, metadata: { ...patched.metadata, annotations } });
    assert.deepEqual(updated.metadata.annotations, { patched: "true", updated: "true" });
    await assert.rejects(
      client.patch(ipaddresses, at, merge, { spec: { parentRef: { name: "other" } } }),
      /spec.parentRef: Invalid value: .*field is immutable/,
    );
    await client.delete(ipaddresses, at);
    await client.deleteCollection(ipaddresses, selected);
    assert.equal((await client.list(ipaddresses, selected)).items.length, 0);
    const range = await client.create(servicecidrs, { metadata: { name: "verbs" }, spec: { cidrs: ["10.70.0.0/24"] } });
    const dual = await client.update(servicecidrs, { ...range, spec: { cidrs: ["10.70.0.0/24", "2001:db8::/64"] } });
    const conditions = [
      { type: "StatusUpdate", status: "True", reason: "E2E", message: "", lastTransitionTime: "2026-01-01T00:00:00Z" },
    ];
    const marked = await client.updateStatus(servicecidrs, {
      ...dual,
      metadata: { ...dual.metadata, labels: { not: "here" } },
      status: { conditions },
    });
    assert.equal(marked.status?.conditions?.[0]?.reason, "E2E");
    assert.equal(marked.metadata.labels, undefined);
    await client.delete(servicecidrs, { name: "verbs" });
  });

  it("have names and parents that are checked", async () => {
    const wrong: [string, object | undefined, RegExp][] = [
      ["2001:DB8::1", { resource: "r", name: "n" }, /must be a canonical format IP address/],
      ["x", { resource: "r", name: "n" }, /metadata.name: Invalid value: "x"/],
      ["192.168.2.2", undefined, /spec.parentRef: Required value/],
      ["192.168.2.2", { resource: "", name: "a/b" }, /spec.parentRef.resource: Required value, .*may not contain '\/'/],
    ];
    for (const [name, parentRef, expected] of wrong)
      await assert.rejects(client.create(ipaddresses, { metadata: { name }, spec: { parentRef } } as never), expected);
    const ranges: [readonly string[], RegExp][] = [
      [[], /spec.cidrs: Required value: at least one CIDR required/],
      [["10.0.0.0/24", "10.1.0.0/24"], /may specify no more than one IP for each IP family/],
      [["10.0.0.1/24"], /spec.cidrs\[0\]: Invalid value: "10.0.0.1\/24": must be in canonical form/],
      [["10.0.0.0/33"], /must be a valid CIDR value/],
    ];
    for (const [cidrs, expected] of ranges)
      await assert.rejects(client.create(servicecidrs, { metadata: { name: "w" }, spec: { cidrs } }), expected);
    const made = await client.get(servicecidrs, { name: "kubernetes" });
    await assert.rejects(
      client.update(servicecidrs, { ...made, spec: { cidrs: ["10.44.0.0/24"] } }),
      /spec.cidrs\[0\]: Invalid value: "10.44.0.0\/24": field is immutable/,
    );
  });
});
