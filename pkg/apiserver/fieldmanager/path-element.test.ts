import assert from "node:assert/strict";
import { it } from "node:test";
import { sortElements } from "./path-element.ts";

it("sortElements orders keys that are objects where scalars should be, whatever their members are called", () => {
  const [object, text] = ['k:{"name":{"toString":{}}}', 'k:{"name":"two"}'];
  assert.deepEqual(sortElements([object, text]), sortElements([text, object]));
});
