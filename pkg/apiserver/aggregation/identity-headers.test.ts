import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { identityHeaders } from "./identity-headers.ts";

describe("identityHeaders", () => {
  it("tells name, uid, groups and extra, with keys escaped as in header names and values in UTF-8", () => {
    const user = {
      name: "jürgen",
      uid: "42",
      groups: ["a", "b, c"],
      extra: { "example.com/Scopes%": ["x", "y"], ключ: ["z"] },
    };
    assert.deepEqual(identityHeaders(user), {
      "x-remote-user": Buffer.from("jürgen").toString("latin1"),
      "x-remote-uid": "42",
      "x-remote-group": ["a", "b, c"],
      "x-remote-extra-example.com%2FScopes%25": ["x", "y"],
      "x-remote-extra-%D0%BA%D0%BB%D1%8E%D1%87": ["z"],
    });
    assert.deepEqual(identityHeaders({ name: "a", groups: [] }), { "x-remote-user": "a" });
  });
});
