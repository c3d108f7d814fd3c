import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cniConfig } from "./cni-config.ts";
import { gatewayOf } from "./cidr.ts";
import { masqueradeRules } from "./masquerade.ts";

describe("network", () => {
  it("gatewayOf is the first address of the pod CIDR", () => {
    assert.deepEqual(gatewayOf("10.42.3.0/24"), { address: "10.42.3.1", prefix: 24 });
    assert.deepEqual(gatewayOf("192.168.255.128/25"), { address: "192.168.255.129", prefix: 25 });
  });

  it("gatewayOf refuses what is no IPv4 CIDR", () => {
    for (const bad of ["10.0.0.0", "10.0.0.256/8", "10.0.0.0/33", "fd00::/8"])
      assert.throws(() => gatewayOf(bad), /is not an? (IPv4 )?CIDR/);
  });

  it("masqueradeRules keep pod addresses inside the cluster and hide them outside", () => {
    assert.equal(
      masqueradeRules("10.42.0.0/24", "10.42.0.0/16"),
      `*nat
:MINIK-MASQUERADE - [0:0]
-A MINIK-MASQUERADE -d 10.42.0.0/16 -j RETURN
-A MINIK-MASQUERADE -d 224.0.0.0/4 -j RETURN
-A MINIK-MASQUERADE -s 10.42.0.0/24 -j MASQUERADE
COMMIT
*filter
:MINIK-FORWARD - [0:0]
-A MINIK-FORWARD -s 10.42.0.0/16 -j ACCEPT
-A MINIK-FORWARD -d 10.42.0.0/16 -j ACCEPT
COMMIT
`,
    );
  });

  it("cniConfig plugs pods into the bridge with the node's range, hairpin and host ports", () => {
    const config = JSON.parse(cniConfig({ podCidr: "10.42.0.0/24", mtu: 1450, stateDir: "/s" }));
    assert.deepEqual(
      config.plugins.map((p: { type: string }) => p.type),
      ["bridge", "portmap"],
    );
    assert.equal(config.plugins[0].hairpinMode, true);
    assert.deepEqual(config.plugins[0].ipam.ranges, [[{ subnet: "10.42.0.0/24" }]]);
  });
});
