import assert from "node:assert/strict";
import { it } from "node:test";
import { isTrue } from "./request-info.ts";

it("isTrue reads query parameters as Go's conversion does", () => {
  for (const value of ["", "1", "true", "True", "yes"]) assert.equal(isTrue(value), true, value);
  // The Python client writes False.
  for (const value of [null, "0", "false", "False", "FALSE"]) assert.equal(isTrue(value), false, String(value));
});
