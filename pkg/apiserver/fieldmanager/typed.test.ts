import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { builtinSchemas } from "#pkg/api/schema/builtin-schemas.ts";
import type { Schema } from "#pkg/api/schema/schema.ts";
import { compare } from "./compare.ts";
import { FieldTypeCompiler, type FieldType } from "./field-type.ts";
import { fieldsOf, namedFieldsOf, TypedError, withNamedFields } from "./fields-of.ts";
import { merge } from "./merge.ts";
import { reconciled } from "./reconcile.ts";
import { removeItems } from "./remove-items.ts";

const compiler = new FieldTypeCompiler(builtinSchemas());
const POD_SPEC = compiler.compile({ $ref: "io.k8s.api.core.v1.PodSpec" });
const SERVICE_SPEC = compiler.compile({ $ref: "io.k8s.api.core.v1.ServiceSpec" });
const JSON_SCHEMA = compiler.compile({
  $ref: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps",
});
const SCHEMA: Schema = {
  type: "object",
  properties: {
    scalar: { type: "string" },
    set: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
    map: {
      type: "array",
      items: {
        type: "object",
        properties: { a: { type: "string" }, b: { type: "integer", default: 7 }, value: { type: "string" } },
      },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["b", "a"],
    },
    list: { type: "array", items: { type: "string" } },
    struct: { type: "object", properties: { x: { type: "string" }, y: { type: "string" } } },
    atomic: { type: "object", properties: { x: { type: "string" } }, "x-kubernetes-map-type": "atomic" },
    labels: { type: "object", additionalProperties: { type: "string" } },
    open: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    port: { "x-kubernetes-int-or-string": true },
  },
};
const TYPE: FieldType = compiler.compile(SCHEMA);
const fields = (value: unknown): unknown => fieldsOf(TYPE, value, true);
const failure = (type: FieldType, value: unknown): string => {
  try {
    fieldsOf(type, value, true);
  } catch (err) {
    assert.ok(err instanceof TypedError);
    return err.message;
  }
  throw new Error("It was taken");
};

describe("fieldsOf", () => {
  it("names leaves, items and members of maps, but structs only where they are empty", () => {
    assert.deepEqual(
      fields({
        scalar: "s",
        set: ["b", "a"],
        map: [{ a: "k", value: "v" }],
        list: ["1"],
        struct: { x: "1" },
        atomic: { x: "1" },
        labels: { l: "1" },
        port: 80,
      }),
      {
        "f:scalar": {},
        "f:set": { 'v:"a"': {}, 'v:"b"': {} },
        "f:map": { 'k:{"a":"k","b":7}': { ".": {}, "f:a": {}, "f:value": {} } },
        "f:list": {},
        "f:struct": { "f:x": {} },
        "f:atomic": {},
        "f:labels": { "f:l": {} },
        "f:port": {},
      },
    );
    assert.deepEqual(fields({ struct: {}, set: [], labels: null }), { "f:struct": {}, "f:labels": {} });
    const outer = compiler.compile({ type: "object", properties: { outer: SCHEMA, scalar: { type: "string" } } });
    assert.deepEqual(fieldsOf(outer, { outer: { set: [] }, scalar: "s" }, true), { "f:scalar": {} });
  });

  it("deduces what no schema declares: objects by field, lists whole", () => {
    assert.deepEqual(fields({ open: { a: { b: 1 }, c: [1, { d: 2 }], e: {} } }), {
      "f:open": { "f:a": { ".": {}, "f:b": {} }, "f:c": {}, "f:e": {} },
    });
  });

  it("says where a value does not fit", () => {
    assert.equal(failure(TYPE, { nope: 1 }), ".nope: field not declared in schema");
    assert.equal(
      failure(TYPE, { nope: 1, struct: { z: 1 } }),
      "errors:\n  .nope: field not declared in schema\n  .struct.z: field not declared in schema",
    );
    assert.equal(failure(TYPE, { set: "x" }), '.set: expected list, got &{"x"}');
    assert.equal(failure(TYPE, { struct: [] }), ".struct: expected map, got &{[]}");
    assert.equal(failure(TYPE, { set: ["a", "a"] }), '.set: duplicate entries for key [="a"]');
    assert.equal(
      failure(POD_SPEC, { containers: [{ image: "i" }] }),
      '.containers: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
    );
  });

  it("follows types that hold themselves", () => {
    assert.deepEqual(fieldsOf(JSON_SCHEMA, { properties: { a: { properties: { b: { type: "string" } } } } }, true), {
      "f:properties": {
        "f:a": { ".": {}, "f:properties": { "f:b": { ".": {}, "f:type": {} } } },
      },
    });
  });

  it("withNamedFields makes structs on the way paths of their own", () => {
    assert.deepEqual(withNamedFields(TYPE, { "f:struct": { "f:x": {} }, "f:labels": { "f:l": {} } }), {
      "f:struct": { ".": {}, "f:x": {} },
      "f:labels": { ".": {}, "f:l": {} },
    });
  });

  it("namedFieldsOf names the same as what names the fields that are found", () => {
    const whole = compiler.object({ type: "object", properties: { spec: SCHEMA } }, true, () => false);
    for (const value of [
      { struct: { x: "1" }, labels: { l: "1" }, set: ["a"], map: [{ a: "k", value: "1" }], open: { a: { b: 1 } } },
      { struct: {}, labels: {}, set: [], map: [], open: {}, atomic: {}, list: [], nope: { a: {} } },
    ]) {
      assert.deepEqual(namedFieldsOf(TYPE, value), withNamedFields(TYPE, fieldsOf(TYPE, value, false)));
      const object = { metadata: { name: "n", labels: { a: "b" }, finalizers: ["f"] }, spec: value };
      assert.deepEqual(namedFieldsOf(whole, object), withNamedFields(whole, fieldsOf(whole, object, false)));
    }
    assert.deepEqual(namedFieldsOf(whole, { metadata: { name: "n" } }), {});
  });
});

describe("compare", () => {
  it("finds nothing in what is equal", () => {
    const value = { set: ["a"], map: [{ a: "k" }], struct: { x: "1" }, list: ["1"], open: { a: { b: [1] } } };
    assert.equal(compare(TYPE, value, structuredClone(value)), undefined);
    assert.equal(compare(TYPE, { map: [{ a: "k" }, { a: "l" }] }, { map: [{ a: "l" }, { a: "k" }] }), undefined);
  });

  it("tells added, modified and removed paths apart", () => {
    assert.deepEqual(
      compare(
        TYPE,
        { scalar: "1", set: ["a", "b"], map: [{ a: "k", value: "1" }, { a: "gone" }], struct: { x: "1" }, list: ["1"] },
        { scalar: "2", set: ["b", "c"], map: [{ a: "k", value: "2" }, { a: "new" }], labels: { l: "1" }, list: [] },
      ),
      {
        modified: { "f:scalar": {}, "f:map": { 'k:{"a":"k","b":7}': { "f:value": {} } }, "f:list": {} },
        added: {
          "f:set": { 'v:"c"': {} },
          "f:map": { 'k:{"a":"new","b":7}': { ".": {}, "f:a": {} } },
          "f:labels": { ".": {}, "f:l": {} },
        },
        removed: {
          "f:set": { 'v:"a"': {} },
          "f:map": { 'k:{"a":"gone","b":7}': { ".": {}, "f:a": {} } },
          "f:struct": { ".": {}, "f:x": {} },
        },
      },
    );
  });

  it("takes a value of another shape as a whole", () => {
    assert.deepEqual(compare(TYPE, { open: { a: { b: 1 } } }, { open: { a: "text" } }), {
      modified: { "f:open": { "f:a": {} } },
    });
    assert.deepEqual(compare(TYPE, { atomic: { x: "1" } }, { atomic: { x: "2" } }), { modified: { "f:atomic": {} } });
  });

  it("sees members called __proto__ as any other", () => {
    const value = JSON.parse('{"labels":{"__proto__":"1"}}') as object;
    assert.deepEqual(compare(TYPE, { labels: {} }, value), { added: { "f:labels": { "f:__proto__": {} } } });
    const merged = merge(TYPE, { labels: { a: "1" } }, value) as { labels: object };
    assert.deepEqual(Object.keys(merged.labels), ["a", "__proto__"]);
  });
});

describe("merge", () => {
  it("replaces leaves and merges maps and items", () => {
    assert.deepEqual(
      merge(
        TYPE,
        { scalar: "1", list: ["1", "2"], struct: { x: "1" }, atomic: { x: "1" }, labels: { a: "1" } },
        { scalar: "2", list: ["3"], struct: { y: "2" }, atomic: {}, labels: { b: "2" } },
      ),
      { scalar: "2", list: ["3"], struct: { x: "1", y: "2" }, atomic: {}, labels: { a: "1", b: "2" } },
    );
    assert.deepEqual(
      merge(SERVICE_SPEC, { ports: [{ port: 80, protocol: "TCP", nodePort: 3 }] }, { ports: [{ port: 80 }] }),
      {
        ports: [{ port: 80, protocol: "TCP", nodePort: 3 }],
      },
    );
  });

  it("puts items in the configuration's order, and keeps others before the item they stood before", () => {
    const names = (live: string, config: string): string =>
      (merge(TYPE, { set: live.split("") }, { set: config.split("") }) as { set: string[] }).set.join("");
    assert.equal(names("abc", "ca"), "bca");
    assert.equal(names("abc", "abc"), "abc");
    assert.equal(names("ac", "abc"), "abc");
    assert.equal(names("abc", "d"), "abcd");
    assert.equal(names("xay", "ba"), "xbay");
    assert.equal(names("", "ab"), "ab");
  });
});

describe("reconciled", () => {
  it("gives what became atomic to the owners of its parts", () => {
    const set = { "f:atomic": { ".": {}, "f:x": {} }, "f:struct": { "f:x": {} }, "f:open": { "f:a": { "f:b": {} } } };
    assert.deepEqual(reconciled(TYPE, set), { ...set, "f:atomic": {} });
    const same = { "f:list": {}, "f:struct": { "f:x": {} } };
    assert.equal(reconciled(TYPE, same), same);
  });
});

describe("removeItems", () => {
  it("takes out what is named and leaves what is around it", () => {
    const value = {
      scalar: "1",
      set: ["a", "b"],
      map: [{ a: "k", value: "1" }, { a: "l" }],
      labels: { a: "1", b: "2" },
    };
    const set = {
      "f:scalar": {},
      "f:set": { 'v:"a"': {} },
      "f:map": { 'k:{"a":"k","b":7}': { "f:value": {} }, 'k:{"a":"l","b":7}': {} },
      "f:labels": { "f:b": {} },
    };
    assert.deepEqual(removeItems(TYPE, value, set), { set: ["b"], map: [{ a: "k" }], labels: { a: "1" } });
    assert.deepEqual(
      removeItems(TYPE, { labels: { a: "1" }, set: ["a"] }, { "f:labels": { "f:a": {} }, "f:set": { 'v:"a"': {} } }),
      {
        labels: {},
        set: [],
      },
    );
  });
});
