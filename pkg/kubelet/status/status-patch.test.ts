import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { statusPatch } from "./status-patch.ts";

describe("statusPatch", () => {
  it("is nothing between equal statuses", () => {
    assert.equal(statusPatch("u", { phase: "Running" }, { phase: "Running" }), undefined);
  });

  it("sends changed fields and conditions only, and null for what is gone", () => {
    const same = { type: "A", status: "True" };
    const from = { phase: "Pending", message: "m", conditions: [same, { type: "B", status: "False", reason: "R" }] };
    const to = { phase: "Running", conditions: [same, { type: "B", status: "True" }] };
    assert.deepEqual(statusPatch("u", from, to), {
      metadata: { uid: "u" },
      status: { phase: "Running", message: null, conditions: [{ type: "B", status: "True", reason: null }] },
    });
  });

  it("replaces addresses, which would be merged otherwise", () => {
    const patch = statusPatch("u", { podIPs: [{ ip: "10.0.0.1" }] }, { podIPs: [{ ip: "10.0.0.2" }] });
    assert.deepEqual(patch, {
      metadata: { uid: "u" },
      status: { podIPs: [{ $patch: "replace" }, { ip: "10.0.0.2" }] },
    });
  });
});
