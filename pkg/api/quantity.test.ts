import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  addQuantities,
  addResources,
  canonicalQuantity,
  compareQuantities,
  QuantityError,
  quantityMilliValue,
  quantityValue,
  subtractQuantities,
} from "./quantity.ts";

describe("canonicalQuantity", () => {
  const canonical: [string | number, string][] = [
    ["1000m", "1"],
    ["0.5", "500m"],
    ["1.5Gi", "1536Mi"],
    ["2048Ki", "2Mi"],
    ["100Mi", "100Mi"],
    ["1024Mi", "1Gi"],
    ["1Ki", "1Ki"],
    ["0.5Ki", "512"],
    ["1000Ki", "1000Ki"],
    ["1e3", "1e3"],
    ["1E", "1E"],
    ["12e6", "12e6"],
    ["100", "100"],
    ["1000", "1k"],
    ["1500", "1500"],
    ["0", "0"],
    ["0Mi", "0"],
    ["+1", "1"],
    ["-2", "-2"],
    [".5", "500m"],
    ["5.", "5"],
    ["1u", "1u"],
    ["0.1n", "1n"],
    [3, "3"],
    [0.25, "250m"],
    ["9999999999999999999999", "9223372036854775807"],
  ];
  for (const [text, expected] of canonical) {
    it(`${text} is ${expected}`, () => assert.equal(canonicalQuantity(text), expected));
  }
  for (const text of ["", "m", "1x", "1 Gi", "1..2", "--1", "1KiB", "1e", ".", "9".repeat(100)]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => canonicalQuantity(text), QuantityError));
  }
});

describe("quantity arithmetic", () => {
  it("is exact", () => {
    assert.equal(addQuantities("0.1", "0.2"), "300m");
    assert.equal(addQuantities("1Gi", "512Mi", undefined), "1536Mi");
    assert.equal(subtractQuantities("1", "250m"), "750m");
    assert.equal(subtractQuantities(undefined, "1Gi"), "-1Gi");
    assert.equal(compareQuantities("1Gi", "1024Mi"), 0);
    assert.equal(compareQuantities("999m", "1"), -1);
    assert.deepEqual(addResources({ cpu: "100m" }, { cpu: "1", memory: "1Mi" }), { cpu: "1100m", memory: "1Mi" });
  });
  it("rounds values up", () => {
    assert.equal(quantityValue("100m"), 1);
    assert.equal(quantityValue("1Ki"), 1024);
    assert.equal(quantityMilliValue("1.5"), 1500);
    assert.equal(quantityMilliValue("1u"), 1);
  });
});

it("takes what a list of resources inherits for no amount", () => {
  const list: Record<string, string> = {};
  assert.equal(addQuantities(list["constructor"], "2"), "2");
  assert.equal(compareQuantities("1", list["toString"] as string), 1);
});
