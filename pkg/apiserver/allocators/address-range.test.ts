import assert from "node:assert/strict";
import { it } from "node:test";
import { AddressRange } from "./address-range.ts";

it("AddressRange leaves out the network and broadcast address", () => {
  const range = new AddressRange("10.43.0.0/16");
  assert.equal(range.size, 65_534);
  assert.equal(range.at(0), "10.43.0.1");
  assert.equal(range.at(255), "10.43.1.0");
  assert.equal(range.indexOf("10.43.0.10"), 9);
  assert.equal(range.indexOf("10.43.255.254"), range.size - 1);
  for (const outside of ["10.43.0.0", "10.43.255.255", "10.44.0.1", "fd00::1", "x"]) {
    assert.equal(range.indexOf(outside), undefined, outside);
  }
});

it("AddressRange speaks IPv6", () => {
  const range = new AddressRange("fd00:10::/112");
  assert.equal(range.family, "IPv6");
  assert.equal(range.at(0), "fd00:10::1");
  assert.equal(range.indexOf("fd00:10::a"), 9);
  assert.equal(range.indexOf("fd00:10::0.0.1.0"), 255);
  assert.throws(() => new AddressRange("10.0.0.0"));
});
