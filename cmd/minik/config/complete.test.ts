import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { completeServerConfig, type GivenServerConfig } from "./complete.ts";
import { loadConfig } from "./load.ts";
import { serverOptions } from "./options.ts";

const given = async (flags: Record<string, unknown>): Promise<GivenServerConfig> =>
  await loadConfig({ options: serverOptions, flags, env: {}, file: "/nonexistent/config.yaml", fileRequired: false });

describe("completeServerConfig", () => {
  it("takes the tenth address of the service CIDR for DNS unless told", async () => {
    assert.equal(completeServerConfig(await given({})).clusterDns, "10.43.0.10");
    assert.equal(completeServerConfig(await given({ "service-cidr": "192.168.7.0/24" })).clusterDns, "192.168.7.10");
    assert.equal(completeServerConfig(await given({ "cluster-dns": "10.43.9.9" })).clusterDns, "10.43.9.9");
  });

  for (const [flags, message] of [
    [{ "cluster-dns": "10.44.0.10" }, /--cluster-dns 10.44.0.10 is outside --service-cidr 10.43.0.0\/16/],
    [{ "cluster-dns": "10.43.0.1" }, /--cluster-dns 10.43.0.1 is taken/],
    [{ "cluster-cidr": "10.42.0.0/15" }, /--cluster-cidr 10.42.0.0\/15 and --service-cidr 10.43.0.0\/16 overlap/],
    [{ "service-cidr": "10.42.8.0/24" }, /overlap: choose others/],
    [{ "cluster-cidr": "10.42.0.0/25" }, /--cluster-cidr 10.42.0.0\/25 is too small/],
    [{ "service-cidr": "10.43.0.0/29" }, /--service-cidr 10.43.0.0\/29 cannot be used: .* \/12 and \/28/],
    [{ "node-ip": "10.42.3.1" }, /--node-ip 10.42.3.1 is inside --cluster-cidr/],
    [{ "advertise-address": "10.43.0.5" }, /--advertise-address 10.43.0.5 is inside --service-cidr/],
    [{ "kubelet-port": "6443" }, /--kubelet-port and --https-listen-port are both 6443/],
    [{ "https-listen-port": "30001" }, /--https-listen-port 30001 is inside --service-node-port-range/],
  ] as const) {
    it(`refuses ${JSON.stringify(flags)} with one line`, async () => {
      const config = await given(flags);
      assert.throws(() => completeServerConfig(config), { name: "ConfigError", message });
    });
  }
});
