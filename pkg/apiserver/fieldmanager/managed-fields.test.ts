import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { capManaged, decodeManaged, encodeManaged, isReset, type Managed } from "./managed-fields.ts";

const entry = {
  manager: "m",
  operation: "Update",
  apiVersion: "v1",
  time: "2026-01-01T00:00:00Z",
  fieldsType: "FieldsV1",
};
const managed = (name: string, second: number, apiVersion = "v1"): Managed => ({
  manager: { name, operation: "Update", apiVersion, subresource: "" },
  set: { [`f:${name}`]: {} },
  time: `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`,
});

describe("managedFields", () => {
  it("decodes valid entries and refuses all where one is not", () => {
    assert.equal(decodeManaged([{ ...entry, fieldsV1: { "f:a": { ".": {}, 'k:{"b":1}': {} } } }])?.length, 1);
    for (const wrong of [
      { operation: "Other" },
      { apiVersion: "" },
      { fieldsType: "V2" },
      { fieldsV1: { a: {} } },
      { fieldsV1: { "f:a": 1 } },
      { fieldsV1: { "k:x": {} } },
      { fieldsV1: JSON.parse('{"__proto__":{}}') as Record<string, unknown> },
    ])
      assert.equal(decodeManaged([{ ...entry, fieldsV1: {}, ...wrong }]), undefined, JSON.stringify(wrong));
  });

  it("knows a request to forget the owners", () => {
    assert.deepEqual([isReset(undefined), isReset([]), isReset([{}]), isReset([entry])], [false, true, true, false]);
  });

  it("writes appliers first, then the older before the newer", () => {
    const entries = encodeManaged([
      managed("b", 2),
      managed("c", 1),
      { ...managed("z", 9), manager: { name: "z", operation: "Apply", apiVersion: "v1", subresource: "status" } },
      { ...managed("none", 1), set: {} },
    ]);
    assert.deepEqual(
      entries?.map((each) => each.manager),
      ["z", "c", "b"],
    );
    assert.equal(
      JSON.stringify(entries?.[0]),
      '{"manager":"z","operation":"Apply","apiVersion":"v1","time":"2026-01-01T00:00:09Z","fieldsType":"FieldsV1","fieldsV1":{"f:z":{}},"subresource":"status"}',
    );
  });

  it("folds the oldest updates of a version when there are too many", () => {
    const many = Array.from({ length: 12 }, (_, i) => managed(`m${String(i).padStart(2, "0")}`, i));
    const capped = capManaged(many);
    assert.equal(capped.length, 10);
    const folded = capped.find((each) => each.manager.name === "ancient-changes");
    assert.deepEqual(folded?.set, { "f:m00": {}, "f:m01": {}, "f:m02": {} });
    assert.equal(folded?.time, "2026-01-01T00:00:02Z");
  });
});
