import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseResolvConf, podDns } from "./dns-config.ts";
import { testPod } from "./testing.ts";

const cluster = { servers: ["10.43.0.10"], domain: "cluster.local" };
const host = parseResolvConf("# comment\nsearch example.org\nnameserver 192.0.2.1 # first\noptions timeout:1\n");

describe("podDns", () => {
  it("asks the cluster first, then searches the node's domains", () => {
    assert.deepEqual(podDns(testPod(), cluster, host), {
      servers: ["10.43.0.10"],
      searches: ["ns.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org"],
      options: ["ndots:5"],
    });
  });
  it("uses the node's for Default and for ClusterFirst on the host network", () => {
    assert.deepEqual(podDns(testPod({ dnsPolicy: "Default" }), cluster, host), host);
    assert.deepEqual(podDns(testPod({ hostNetwork: true }), cluster, host), host);
    assert.deepEqual(
      podDns(testPod({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }), cluster, host).servers,
      ["10.43.0.10"],
    );
  });
  it("merges dnsConfig, whose options win", () => {
    const dnsConfig = {
      nameservers: ["1.1.1.1"],
      searches: ["a.b"],
      options: [{ name: "ndots", value: "2" }, { name: "edns0" }],
    };
    assert.deepEqual(podDns(testPod({ dnsPolicy: "None", dnsConfig }), cluster, host), {
      servers: ["1.1.1.1"],
      searches: ["a.b"],
      options: ["ndots:2", "edns0"],
    });
    assert.deepEqual(podDns(testPod({ dnsConfig }), cluster, host).options, ["ndots:2", "edns0"]);
  });
  it("keeps three servers and says so", () => {
    const dns = podDns(testPod({ dnsPolicy: "None", dnsConfig: { nameservers: ["1", "2", "3", "4"] } }), cluster, host);
    assert.deepEqual(dns.servers, ["1", "2", "3"]);
    assert.equal(dns.problem?.reason, "DNSConfigForming");
  });
  it("falls back to the node's without a cluster DNS and says so", () => {
    const dns = podDns(testPod(), { servers: [], domain: "cluster.local" }, host);
    assert.deepEqual(dns.servers, host.servers);
    assert.equal(dns.problem?.reason, "MissingClusterDNS");
  });
});
