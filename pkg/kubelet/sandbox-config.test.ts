import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { etcHosts } from "./etc-hosts.ts";
import { podHostname } from "./hostname.ts";
import { sandboxConfig } from "./sandbox-config.ts";
import { testContainer, testPod } from "./testing.ts";

const facts = {
  logDirectory: "/var/log/pods/ns_web_u1",
  cgroupParent: "/kubepods/besteffort/podu1",
  clusterDomain: "cluster.local",
  dns: { servers: [], searches: [], options: [] },
  seccompRoot: "/seccomp",
};

describe("sandboxConfig", () => {
  it("names the pod after its subdomain when asked for the full name", () => {
    assert.equal(sandboxConfig(testPod(), facts).hostname, "web");
    const fqdn = testPod({ hostname: "a", subdomain: "b", setHostnameAsFQDN: true });
    assert.equal(sandboxConfig(fqdn, facts).hostname, "a.b.ns.svc.cluster.local");
    const long = testPod({ hostname: "a".repeat(60), subdomain: "b", setHostnameAsFQDN: true });
    assert.throws(() => sandboxConfig(long, facts), /is too long \(64 characters is the max/);
  });

  it("shares namespaces as the pod asks", () => {
    const options = (spec: Parameters<typeof testPod>[0]) =>
      sandboxConfig(testPod(spec), facts).linux?.securityContext?.namespaceOptions;
    assert.deepEqual(options({}), { network: "POD", ipc: "POD", pid: "CONTAINER" });
    assert.deepEqual(options({ hostNetwork: true, hostPID: true, hostIPC: true }), {
      network: "NODE",
      ipc: "NODE",
      pid: "NODE",
    });
    assert.equal(options({ shareProcessNamespace: true })?.pid, "POD");
  });

  it("maps ports of containers and sidecars once", () => {
    const ports = [{ containerPort: 80, hostPort: 8080 }];
    const pod = testPod({
      containers: [testContainer({ ports }), testContainer({ name: "d", ports })],
      initContainers: [testContainer({ name: "i", ports: [{ containerPort: 1 }] })],
    });
    assert.deepEqual(sandboxConfig(pod, facts).portMappings, [
      { protocol: "TCP", containerPort: 80, hostPort: 8080, hostIp: "" },
    ]);
  });

  it("passes sysctls with dots and confines the pause process", () => {
    const pod = testPod({ securityContext: { sysctls: [{ name: "net/core/somaxconn", value: "9" }] } });
    const { linux } = sandboxConfig(pod, facts);
    assert.deepEqual(linux?.sysctls, { "net.core.somaxconn": "9" });
    assert.deepEqual(linux?.securityContext?.seccomp, { profileType: "RuntimeDefault" });
  });
});

describe("etcHosts", () => {
  it("lists the pod's addresses, then its aliases", () => {
    const pod = testPod({ subdomain: "sub", hostAliases: [{ ip: "1.2.3.4", hostnames: ["foo", "bar"] }] });
    const text = etcHosts(pod, ["10.42.0.5"], podHostname(pod, "cluster.local"), "");
    assert.match(text, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
    assert.match(text, /10\.42\.0\.5\tweb\.sub\.ns\.svc\.cluster\.local\tweb\n\n# Entries added by HostAliases\.\n/);
    assert.match(text, /1\.2\.3\.4\tfoo\tbar\n$/);
  });
  it("starts from the node's file on the host network", () => {
    const pod = testPod({ hostNetwork: true });
    const text = etcHosts(pod, [], podHostname(pod, "cluster.local"), "127.0.0.1 localhost\n");
    assert.equal(text, "# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n");
  });
});
