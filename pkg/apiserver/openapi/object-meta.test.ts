import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import { OBJECT_META } from "./object-meta.ts";
import { indexSchemas } from "./schema-index.ts";

describe("describeObjectMeta", () => {
  it("says of every field of metadata what it is, as kubectl explain is checked for", () => {
    const { properties = {} } = indexSchemas(builtinDefinitions()).get(OBJECT_META) ?? {};
    assert.match(properties["creationTimestamp"]?.description ?? "", /^CreationTimestamp is a timestamp/);
    for (const [name, { description }] of Object.entries(properties)) assert.ok(description, name);
    assert.equal(properties["uid"]?.type, "string");
  });
});
