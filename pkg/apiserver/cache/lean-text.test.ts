import assert from "node:assert/strict";
import { test } from "node:test";
import { partialText, withoutManagedFields } from "./lean-text.ts";

const FIELDS = [
  { manager: "a", fieldsV1: { "f:spec": { 'k:{"name":"]}\\\\"}': { ".": {}, 'v:"[{"': {} } } } },
  { manager: 'b"]', fieldsV1: { "f:managedFields": {} } },
];
const head = { kind: "Widget", apiVersion: "acme.com/v1" };

function check(metadata: Record<string, unknown>, rest: object = {}): void {
  const text = JSON.stringify({ ...head, metadata, ...rest });
  const { managedFields: _managedFields, ...lean } = metadata;
  assert.equal(withoutManagedFields(text), JSON.stringify({ ...head, metadata: lean, ...rest }));
  const partial = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: lean };
  assert.equal(partialText(text), JSON.stringify(partial));
  if (Object.keys(lean).length === 0) return;
  const served = { resourceVersion: "7", ...lean };
  assert.equal(withoutManagedFields(text, 7), JSON.stringify({ ...head, metadata: served, ...rest }));
  assert.equal(partialText(text, 7), JSON.stringify({ ...partial, metadata: served }));
}

test("withoutManagedFields and partialText cut managedFields wherever they stand in metadata", () => {
  check({ name: "x", managedFields: FIELDS }, { spec: { size: 1 } });
  check({ name: "x", managedFields: FIELDS, labels: { a: "b" } });
  check({ managedFields: FIELDS, name: "x" });
  check({ managedFields: FIELDS });
  check({ name: "x", managedFields: [] }, { status: {} });
});

test("withoutManagedFields and partialText leave alone what only looks like managedFields", () => {
  check({ name: "x" }, { spec: { managedFields: FIELDS } });
  check({ name: "x", annotations: { last: JSON.stringify({ metadata: { a: 1, managedFields: FIELDS } }) } });
  check({ name: "managedFields", annotations: { managedFields: "[", 'a\\"': '\\","managedFields":[' } });
  check({ name: "x", ownerReferences: [{ managedFields: FIELDS, name: "ümläut \u2028" }], managedFields: FIELDS });
});

test("partialText leaves texts that do not begin with kind, apiVersion and metadata to who decodes them", () => {
  const text = JSON.stringify({ ...head, spec: { metadata: { managedFields: FIELDS } }, metadata: { name: "x" } });
  assert.equal(partialText(text), undefined);
  assert.equal(withoutManagedFields(text), text);
  assert.equal(JSON.parse(withoutManagedFields(text, 7)).metadata.name, "x");
  for (const broken of ["", "{}", '{"metadata":{', '{"metadata":{"name":"x'])
    assert.deepEqual([withoutManagedFields(broken), partialText(broken)], [broken, undefined]);
});
