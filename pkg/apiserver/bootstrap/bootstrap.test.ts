import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { configmaps, endpoints, namespaces, pods, serviceaccounts, services } from "#pkg/api/types/core-v1.ts";
import { endpointslices } from "#pkg/api/types/discovery-v1.ts";
import { clusterrolebindings, clusterroles, roles } from "#pkg/api/types/rbac-v1.ts";
import { priorityclasses } from "#pkg/api/types/scheduling-v1.ts";
import { until } from "#pkg/async/index.ts";
import { type Client, createClient } from "#pkg/client/index.ts";
import { isForbidden } from "#pkg/errors/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { builtinAdmissionPlugins } from "../admission/plugins/index.ts";
import { ServiceAllocator } from "../allocators/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";
import { Bootstrap } from "./bootstrap.ts";

describe("Bootstrap", () => {
  const log = createLogger("silent");
  const at = { namespace: "default", name: "kubernetes" };
  let test: TestServer;
  let client: Client;
  let bootstrap: Bootstrap;
  let port = 6443;
  before(async () => {
    let clusterIp = "";
    test = await startTestServer(undefined, {
      admission: (parts) => builtinAdmissionPlugins({ ...parts, client: () => client }),
      hooks: (parts) => {
        const nodePortRange = { from: 30_000, to: 32_767 };
        const allocator = new ServiceAllocator({ ...parts, log, serviceCidr: "10.43.0.0/16", nodePortRange });
        clusterIp = allocator.firstAddress;
        return { services: allocator };
      },
    });
    client = createClient(test.transport);
    const authorities = () => ({ client: "clients", frontProxy: "proxies" });
    const advertised = () => ({ address: "192.0.2.1", port });
    bootstrap = new Bootstrap({ client, log, clusterIp, advertised, authorities, intervalMs: 5 });
    await bootstrap.ensure();
  });
  after(() => test.close());

  it("creates namespaces, the kubernetes service, priority classes and roles", async () => {
    const names = (await client.list(namespaces)).items.map((n) => n.metadata.name);
    assert.deepEqual(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    const service = await client.get(services, at);
    assert.equal(service.spec.clusterIP, "10.43.0.1");
    assert.deepEqual(service.spec.ports, [{ name: "https", protocol: "TCP", port: 443, targetPort: 6443 }]);
    assert.equal((await client.get(endpointslices, at)).endpoints?.[0]?.addresses[0], "192.0.2.1");
    assert.equal((await client.get(priorityclasses, { name: "system-node-critical" })).value, 2_000_001_000);
    const admin = await client.get(clusterroles, { name: "admin" });
    assert.ok((admin.rules ?? []).some((r) => r.resources?.includes("pods/exec")));
    assert.ok((await client.list(roles, { namespace: "kube-system" })).items.length > 3);
  });

  it("publishes for extension servers whom they may believe", async () => {
    const at = { namespace: "kube-system", name: "extension-apiserver-authentication" };
    const { data } = await client.get(configmaps, at);
    assert.equal(data?.["client-ca-file"], "clients");
    assert.equal(data?.["requestheader-client-ca-file"], "proxies");
    assert.equal(data?.["requestheader-allowed-names"], '["front-proxy-client"]');
    assert.equal(data?.["requestheader-extra-headers-prefix"], '["X-Remote-Extra-"]');
  });

  it("restores what was deleted and follows the advertised port", async () => {
    port = 7443;
    await client.delete(services, at);
    const stop = new AbortController();
    const running = bootstrap.start(stop.signal);
    const options = { timeoutMs: 15_000, intervalMs: 5 };
    await until(async () => (await client.get(services, at)).spec.ports?.[0]?.targetPort === 7443, options);
    await until(async () => (await client.get(endpoints, at)).subsets?.[0]?.ports?.[0]?.port === 7443, options);
    await until(async () => (await client.get(endpointslices, at)).ports?.[0]?.port === 7443, options);
    stop.abort();
    await running;
  });

  it("gives default roles and bindings back what they lack, unless they are kept as they are", async () => {
    const node = { name: "system:node-proxier" };
    const kept = { name: "system:basic-user" };
    const binding = { name: "system:node-proxier" };
    const own = { apiGroups: ["example.com"], resources: ["things"], verbs: ["get"] };
    const { rules = [], ...role } = await client.get(clusterroles, node);
    await client.update(clusterroles, { ...role, rules: [...rules.slice(1), own] });
    const merge = "application/merge-patch+json";
    const annotations = { "rbac.authorization.kubernetes.io/autoupdate": "false" };
    await client.patch(clusterroles, kept, merge, { metadata: { annotations }, rules: [] });
    await client.patch(clusterrolebindings, binding, merge, { subjects: [] });
    await bootstrap.ensure();
    const completed = (await client.get(clusterroles, node)).rules ?? [];
    assert.equal(completed.length, rules.length + 1);
    assert.deepEqual(completed.at(-1), rules[0]);
    assert.deepEqual((await client.get(clusterroles, kept)).rules ?? [], []);
    assert.equal((await client.get(clusterrolebindings, binding)).subjects?.[0]?.name, "system:kube-proxy");
  });

  it("changes nothing when all is there", async () => {
    const before = await client.get(services, at);
    const { revision } = test.store;
    await bootstrap.ensure();
    assert.equal(test.store.revision, revision);
    assert.equal((await client.get(services, at)).metadata.resourceVersion, before.metadata.resourceVersion);
  });

  it("makes a cluster where pods can be created", async () => {
    const pod = { metadata: { name: "a", namespace: "default" }, spec: { containers: [{ name: "a", image: "x" }] } };
    await client.create(serviceaccounts, { metadata: { name: "default", namespace: "default" } });
    const made = await client.create(pods, pod);
    assert.equal(made.spec.serviceAccountName, "default");
    assert.equal(made.spec.priority, 0);
    assert.equal(made.spec.tolerations?.length, 2);
    assert.equal(made.status?.qosClass, "BestEffort");
    await assert.rejects(client.create(pods, { ...pod, spec: { ...pod.spec, serviceAccountName: "x" } }), isForbidden);
    await assert.rejects(client.delete(namespaces, { name: "default" }), isForbidden);
  });
});
