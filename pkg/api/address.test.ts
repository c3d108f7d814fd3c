import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addressNumber, addressText, parseCidr } from "./address.ts";

describe("addressNumber and addressText", () => {
  it("are each other's opposite, in the short form", () => {
    for (const text of ["0.0.0.0", "10.42.3.1", "255.255.255.255"])
      assert.equal(addressText(addressNumber(text) ?? -1n, "IPv4"), text);
    for (const text of ["::", "::1", "fd00::", "fd00:0:0:4::", "2001:db8::1:0:0:1"])
      assert.equal(addressText(addressNumber(text) ?? -1n, "IPv6"), text);
  });
  it("read IPv4 at the end of IPv6, and nothing that is no address", () => {
    assert.equal(addressNumber("::ffff:1.2.3.4"), 0xffff_0102_0304n);
    for (const text of ["", "1.2.3", "1.2.3.256", "x::"]) assert.equal(addressNumber(text), undefined);
  });
});

describe("parseCidr", () => {
  it("drops the bits of the host", () => {
    assert.deepEqual(parseCidr("10.42.3.9/24"), { family: "IPv4", base: 0x0a2a0300n, prefix: 24, hostBits: 8 });
    assert.equal(parseCidr("fd00::1/62").hostBits, 66);
  });
  it("refuses what is none", () => {
    for (const text of ["10.42.0.0", "10.42.0.0/33", "10.42.0/16", "fd00::/129", "a/8"])
      assert.throws(() => parseCidr(text), /is not a CIDR/);
  });
});
