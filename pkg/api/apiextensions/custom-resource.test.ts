import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ResourceDefinition } from "../definition.ts";
import type { KubeObject } from "../resource-ref.ts";
import { Decoding } from "../schema/decoder.ts";
import type { CustomResourceDefinition } from "../types/apiextensions-v1.ts";
import { customResourceDefinitions } from "./custom-resource.ts";

type Loose = Record<string, any>; // oxlint-disable-line no-explicit-any -- objects of every kind

const crd = (spec: Loose, versions: readonly Loose[]): CustomResourceDefinition =>
  ({
    metadata: { name: "crontabs.stable.example.com" },
    spec: {
      group: "stable.example.com",
      scope: "Namespaced",
      names: { plural: "crontabs", singular: "crontab", kind: "CronTab", listKind: "CronTabList", shortNames: ["ct"] },
      versions,
      ...spec,
    },
  }) as unknown as CustomResourceDefinition;

/** The definition of one version whose `spec` has this schema. */
const withSpec = (spec: Loose, version: Loose = {}): ResourceDefinition =>
  customResourceDefinitions(
    crd({}, [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec, status: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
        ...version,
      },
    ]),
  )[0] as ResourceDefinition;

const meta = { name: "x", namespace: "ns" };
const cronTab = (spec: unknown, more: Loose = {}): Loose => ({
  apiVersion: "stable.example.com/v1",
  kind: "CronTab",
  metadata: meta,
  spec,
  ...more,
});

function decode(definition: ResourceDefinition, object: unknown): { object: Loose; unknown: readonly string[] } {
  const state = new Decoding();
  const decoded = (definition.decode as NonNullable<ResourceDefinition["decode"]>)(object, state) as Loose;
  return { object: decoded, unknown: state.unknown };
}

/** As a create goes: decoded, defaulted, validated. */
async function create(definition: ResourceDefinition, object: Loose): Promise<{ object: Loose; errors: string[] }> {
  const made = decode(definition, object).object;
  const { strategy } = definition;
  await strategy.ready?.();
  strategy.defaults?.(made as never);
  strategy.prepareForCreate?.(made as never);
  const errors = strategy.validate?.(made as never) ?? [];
  return { object: made, errors: errors.map((each) => `${each.field}: ${each.message}`) };
}

describe("customResourceDefinitions", () => {
  it("gives one definition per served version, with upstream's names, verbs and subresources", () => {
    const [v1, ...others] = customResourceDefinitions(
      crd({}, [
        {
          name: "v1",
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
          },
          schema: { openAPIV3Schema: { type: "object" } },
        },
        {
          name: "v1beta1",
          served: true,
          storage: false,
          deprecated: true,
          schema: { openAPIV3Schema: { type: "object" } },
        },
        { name: "v1alpha1", served: false, storage: false, schema: { openAPIV3Schema: { type: "object" } } },
      ]),
    );
    assert.deepEqual(
      others.map((each) => [each.version, each.deprecationWarning, each.storage.apiVersion]),
      [["v1beta1", "stable.example.com/v1beta1 CronTab is deprecated", "stable.example.com/v1"]],
    );
    assert.equal(v1?.definitionName, "com.example.stable.v1.CronTab");
    assert.equal(v1?.storage.prefix, "stable.example.com/crontabs");
    assert.deepEqual(Object.keys(v1?.subresources ?? {}), ["status", "scale"]);
    assert.deepEqual(v1?.schema["x-kubernetes-group-version-kind"], [
      { group: "stable.example.com", version: "v1", kind: "CronTab" },
    ]);
  });

  it("decodes what the schema knows and names the rest when a request holds more", () => {
    const definition = withSpec({
      type: "object",
      properties: {
        a: { type: "string" },
        list: { type: "array", items: { type: "object", properties: { b: { type: "integer" } } } },
        map: { type: "object", additionalProperties: { type: "object", properties: { c: { type: "string" } } } },
        open: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { d: { type: "object" } } },
      },
    });
    const given = cronTab(
      {
        a: 5,
        z: { deep: 1 },
        list: [{ b: 1, y: 2 }],
        map: { "a.b": { c: "x", w: null } },
        open: { any: { thing: [1] }, d: { gone: 1 } },
      },
      { metadata: { ...meta, foo: 1, labels: { a: "b" } }, top: 1 },
    );
    const { object, unknown } = decode(definition, given);
    assert.deepEqual(object["spec"], {
      a: 5,
      list: [{ b: 1 }],
      map: { "a.b": { c: "x" } },
      open: { any: { thing: [1] }, d: {} },
    });
    assert.deepEqual(unknown, [
      "metadata.foo",
      "spec.list[0].y",
      "spec.map.a.b.w",
      "spec.open.d.gone",
      "spec.z",
      "top",
    ]);
    assert.equal(
      decode(definition, JSON.parse('{"spec":{"open":{"__proto__":{"x":1}}}}')).object["spec"].open.x,
      undefined,
    );
    assert.throws(() => decode(definition, cronTab({}, { metadata: { labels: { a: 1 } } })), {
      message: "json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string",
    });
  });

  it("applies defaults at every depth when fields are absent, and takes nulls for absent", async () => {
    const definition = withSpec({
      type: "object",
      default: {},
      properties: {
        a: { type: "string", default: "A" },
        n: { type: "string", nullable: true, default: "N" },
        gone: { type: "string" },
        list: { type: "array", items: { type: "object", properties: { p: { type: "integer", default: 80 } } } },
        map: {
          type: "object",
          additionalProperties: { type: "object", properties: { q: { type: "boolean", default: true } } },
        },
      },
    });
    assert.deepEqual((await create(definition, cronTab(undefined))).object["spec"], { a: "A", n: "N" });
    const given = cronTab({ a: null, n: null, gone: null, list: [{}, { p: 1 }], map: { x: {} } });
    assert.deepEqual((await create(definition, given)).object["spec"], {
      a: "A",
      n: null,
      list: [{ p: 80 }, { p: 1 }],
      map: { x: { q: true } },
    });
  });

  it("reads the same object from the store when nothing changed, and settles it when the schema did", () => {
    const definition = withSpec({ type: "object", properties: { a: { type: "string", default: "A" } } });
    const stored = cronTab({ a: "x" }) as unknown as KubeObject;
    assert.equal(definition.storage.fromStorage?.(stored), stored);
    const older = cronTab({ old: 1 }) as unknown as KubeObject;
    assert.deepEqual(definition.storage.fromStorage?.(older), cronTab({ a: "A" }));
    assert.deepEqual(older, cronTab({ old: 1 }));
  });

  const wrong: [string, Loose, unknown, string[]][] = [
    [
      "type",
      { type: "object", properties: { a: { type: "integer" }, b: { type: "string" }, c: { type: "boolean" } } },
      { a: "x", b: 5, c: [] },
      [
        'spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"',
        'spec.b: Invalid value: "integer": spec.b in body must be of type string: "integer"',
        'spec.c: Invalid value: "array": spec.c in body must be of type boolean: "array"',
      ],
    ],
    [
      "fraction",
      { type: "object", properties: { a: { type: "integer" }, n: { type: "number" } } },
      { a: 1.5, n: 2 },
      [
        'spec.a: Invalid value: "number": spec.a in body must be of type integer: "number"',
        '<nil>: Invalid value: "": Checked value must be of type integer (default format) in spec.a',
      ],
    ],
    [
      "range",
      {
        type: "object",
        properties: { a: { type: "integer", format: "int32" }, b: { type: "integer", format: "int32" } },
      },
      { a: 3000000000, b: true },
      [
        '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.a',
        'spec.b: Invalid value: "": spec.b in body must be of type int32: ""',
      ],
    ],
    [
      "required",
      { type: "object", required: ["a"], properties: { a: { type: "string" } } },
      {},
      ["spec.a: Required value"],
    ],
    [
      "enum",
      { type: "object", properties: { a: { type: "string", enum: ["x", "y"] } } },
      { a: "z" },
      ['spec.a: Unsupported value: "z": supported values: "x", "y"'],
    ],
    [
      "lengths",
      {
        type: "object",
        properties: {
          a: { type: "string", minLength: 3 },
          b: { type: "string", maxLength: 2 },
          c: { type: "string", minLength: 2 },
        },
      },
      { a: "x", b: "abc", c: "\u{1F600}" },
      [
        'spec.a: Invalid value: "x": spec.a in body should be at least 3 chars long',
        "spec.b: Too long: may not be more than 2 bytes",
        'spec.c: Invalid value: "\u{1F600}": spec.c in body should be at least 2 chars long',
      ],
    ],
    [
      "pattern",
      {
        type: "object",
        properties: { a: { type: "string", pattern: "^[a-z]+$" }, b: { type: "string", pattern: "\\d" } },
      },
      { a: "A", b: "x1y" },
      ["spec.a: Invalid value: \"A\": spec.a in body should match '^[a-z]+$'"],
    ],
    [
      "bounds",
      {
        type: "object",
        properties: {
          a: { type: "integer", minimum: 1 },
          b: { type: "integer", maximum: 3, exclusiveMaximum: true },
          c: { type: "number", multipleOf: 0.5 },
        },
      },
      { a: 0, b: 3, c: 0.7 },
      [
        "spec.a: Invalid value: 0: spec.a in body should be greater than or equal to 1",
        "spec.b: Invalid value: 3: spec.b in body should be less than 3",
        "spec.c: Invalid value: 0.7: spec.c in body should be a multiple of 0.5",
      ],
    ],
    [
      "sizes",
      {
        type: "object",
        properties: {
          a: { type: "array", items: { type: "string" }, maxItems: 1, minItems: 1 },
          b: { type: "object", minProperties: 1, additionalProperties: { type: "string" } },
        },
      },
      { a: ["x", "y"], b: {} },
      [
        "spec.a: Too many: 2: must have at most 1 item",
        "spec.b: Invalid value: 0: spec.b in body should have at least 1 properties",
      ],
    ],
    [
      "null",
      { type: "object", properties: { a: { type: "array", items: { type: "string" } } } },
      { a: [null] },
      ['spec.a[0]: Invalid value: "null": spec.a[0] in body must be of type string: "null"'],
    ],
    [
      "int or string",
      { type: "object", properties: { a: { "x-kubernetes-int-or-string": true } } },
      { a: true },
      ['spec.a: Invalid value: "boolean": spec.a in body must be of type integer,string: "boolean"'],
    ],
    [
      "oneOf",
      {
        type: "object",
        properties: { a: { type: "string" }, b: { type: "string" } },
        oneOf: [{ required: ["a"] }, { required: ["b"] }],
      },
      {},
      [
        '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
        "spec.a: Required value",
      ],
    ],
    [
      "several of oneOf",
      {
        type: "object",
        properties: { a: { type: "string" }, b: { type: "string" } },
        oneOf: [{ required: ["a"] }, { required: ["b"] }],
      },
      { a: "", b: "" },
      ['<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      "anyOf, allOf and not",
      {
        type: "object",
        properties: {
          a: { type: "integer", anyOf: [{ minimum: 5 }, { maximum: 1 }] },
          b: { type: "integer", allOf: [{ minimum: 5 }] },
          c: { type: "string", not: { enum: ["x"] } },
        },
      },
      { a: 3, b: 3, c: "x" },
      [
        '<nil>: Invalid value: "": "spec.a" must validate at least one schema (anyOf)',
        "spec.a: Invalid value: 3: spec.a in body should be greater than or equal to 5",
        "spec.b: Invalid value: 3: spec.b in body should be greater than or equal to 5",
        '<nil>: Invalid value: "": "spec.b" must validate all the schemas (allOf). None validated',
        '<nil>: Invalid value: "": "spec.c" must not validate the schema (not)',
      ],
    ],
    [
      "list types",
      {
        type: "object",
        properties: {
          s: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "set" },
          m: {
            type: "array",
            items: { type: "object", properties: { k: { type: "string" }, v: { type: "string" } } },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
          },
        },
      },
      { s: ["a", "b", "a", "a"], m: [{ k: "x", v: "1" }, { k: "x" }] },
      ['spec.s[2]: Duplicate value: "a"', 'spec.m[1]: Duplicate value: {"k":"x"}'],
    ],
    [
      "embedded resources",
      {
        type: "object",
        properties: {
          t: { type: "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true },
        },
      },
      { t: { kind: "a b", metadata: { name: "a/b" } } },
      [
        "spec.t.apiVersion: Required value: must not be empty",
        "spec.t.kind: Invalid value: \"a b\": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
        "spec.t.metadata.name: Invalid value: \"a/b\": may not contain '/'",
      ],
    ],
  ];
  for (const [what, schema, spec, expected] of wrong)
    it(`validates as upstream does when an object breaks: ${what}`, async () =>
      assert.deepEqual((await create(withSpec(schema), cronTab(spec))).errors, expected));

  const update = async (definition: ResourceDefinition, old: unknown, spec: unknown): Promise<string[]> => {
    const { strategy } = definition;
    await strategy.ready?.();
    const errors = strategy.validateUpdate?.(cronTab(spec) as never, cronTab(old) as never) ?? [];
    return errors.map((each) => `${each.field}: ${each.message}`);
  };

  it("lets what did not change be wrong when an object is updated", async () => {
    const item = {
      type: "object",
      required: ["k"],
      properties: { k: { type: "string" }, v: { type: "string", maxLength: 1 } },
    };
    const definition = withSpec({
      type: "object",
      properties: {
        a: { type: "string", maxLength: 1 },
        b: { type: "string" },
        map: { type: "array", items: item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"] },
        list: { type: "array", items: item },
      },
    });
    const old = { a: "long", map: [{ k: "x", v: "long" }], list: [{ k: "x", v: "long" }] };
    assert.deepEqual(await update(definition, old, { ...old, b: "new" }), []);
    assert.deepEqual(await update(definition, old, { ...old, a: "longer" }), [
      "spec.a: Too long: may not be more than 1 byte",
    ]);
    const more = { k: "y", v: "" };
    assert.deepEqual(await update(definition, old, { map: [more, ...old.map], list: [more, ...old.list] }), [
      "spec.list[1].v: Too long: may not be more than 1 byte",
    ]);
  });

  it("runs rules with their messages, reasons and paths when objects are written", async () => {
    const definition = withSpec({
      type: "object",
      properties: {
        a: { type: "integer" },
        b: { type: "integer" },
        list: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["k"],
          items: {
            type: "object",
            required: ["k"],
            properties: { k: { type: "string" }, v: { type: "integer" } },
            "x-kubernetes-validations": [{ rule: "!has(self.v) || self.v >= oldSelf.v", message: "v grows" }],
          },
        },
      },
      "x-kubernetes-validations": [
        { rule: "self.a < 10" },
        {
          rule: "self.a < 20",
          messageExpression: "'a is ' + string(self.a)",
          reason: "FieldValueForbidden",
          fieldPath: ".a",
        },
        { rule: "self.b == 1 || self.a / self.b > 0", message: "divides" },
        { rule: "self.a >= oldSelf.a", message: "a grows" },
        { rule: "oldSelf.hasValue() || self.a != 7", message: "not 7 at first", optionalOldSelf: true },
      ],
    });
    const errors = async (spec: Loose): Promise<string[]> => (await create(definition, cronTab(spec))).errors;
    assert.deepEqual(await errors({ a: 1, b: 1 }), []);
    assert.deepEqual(await errors({ a: 25, b: 1 }), [
      'spec: Invalid value: "object": failed rule: self.a < 10',
      "spec.a: Forbidden: a is 25",
    ]);
    assert.deepEqual(await errors({ a: 5, b: 0 }), [
      'spec: Invalid value: "object": division by zero evaluating rule: divides',
    ]);
    assert.deepEqual(await errors({ a: 7, b: 1 }), ['spec: Invalid value: "object": not 7 at first']);
    assert.deepEqual(await errors({ a: "x", b: 1 }), [
      'spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"',
      '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
    ]);
    assert.deepEqual(await update(definition, { a: 7, b: 1 }, { a: 6, b: 1 }), [
      'spec: Invalid value: "object": a grows',
    ]);
    const list = (v: number): Loose => ({
      a: 1,
      b: 1,
      list: [
        { k: "new", v: 0 },
        { k: "x", v },
      ],
    });
    assert.deepEqual(await update(definition, { a: 1, b: 1, list: [{ k: "x", v: 2 }] }, list(2)), []);
    assert.deepEqual(await update(definition, { a: 1, b: 1, list: [{ k: "x", v: 2 }] }, list(1)), [
      'spec.list[1]: Invalid value: "object": v grows',
    ]);
  });

  it("stops running rules when one costs more than an evaluation may", async () => {
    const rule = "self.list.all(a, self.list.all(b, a <= 2000 || b <= 2000))";
    const definition = withSpec({
      type: "object",
      properties: { list: { type: "array", items: { type: "integer" } } },
      "x-kubernetes-validations": [{ rule }, { rule: "false" }],
    });
    const list = Array.from({ length: 2000 }, (_, i) => i);
    assert.deepEqual((await create(definition, cronTab({ list }))).errors, [
      `spec: Invalid value: "object": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: ${rule}`,
    ]);
  });

  it("warns instead of refusing when a rule fails on what did not change", async () => {
    const definition = withSpec({
      type: "object",
      properties: {
        a: {
          type: "object",
          properties: { n: { type: "integer" } },
          "x-kubernetes-validations": [{ rule: "self.n > 5", message: "small" }],
        },
        b: { type: "integer" },
      },
    });
    const now = cronTab({ a: { n: 1 }, b: 2 });
    await definition.strategy.ready?.();
    const old = cronTab({ a: { n: 1 }, b: 1 });
    assert.deepEqual(definition.strategy.validateUpdate?.(now as never, old as never), []);
    assert.deepEqual(definition.strategy.warnings?.(now as never, old as never), [
      'spec.a: Invalid value: "object": small',
    ]);
    assert.deepEqual(await update(definition, { a: { n: 1 } }, { a: { n: 2 } }), [
      'spec.a: Invalid value: "object": small',
    ]);
  });

  it("checks formats as upstream when a schema asks for one", async () => {
    const good: Record<string, string> = {
      "date-time": "2014-12-15T19:30:20.000Z",
      date: "2024-02-29",
      duration: "22 ns",
      email: "A B <a@b.example>",
      hostname: "a-b.example",
      ipv4: "10.0.0.1",
      ipv6: "2001:db8::1",
      cidr: "10.0.0.0/8",
      mac: "01:23:45:67:89:ab",
      uri: "https://example.com/a?b",
      uuid: "123e4567-e89b-12d3-a456-426614174000",
      uuid4: "f47ac10b-58cc-4372-a567-0e02b2c3d479",
      isbn: "978-0321751041",
      creditcard: "4111 1111 1111 1111",
      ssn: "111-11-1111",
      hexcolor: "#FFFFFF",
      rgbcolor: "rgb(255,255,255)",
      byte: "aGVsbG8=",
      bsonobjectid: "507f1f77bcf86cd799439011",
      "k8s-short-name": "a-b",
      "k8s-long-name": "a.b",
      password: "any",
    };
    for (const [format, text] of Object.entries(good)) {
      const definition = withSpec({ type: "object", properties: { a: { type: "string", format } } });
      assert.deepEqual((await create(definition, cronTab({ a: text }))).errors, [], format);
      if (format === "password") continue;
      const bad = `spec.a: Invalid value: "no!": spec.a in body must be of type ${format}: "no!"`;
      assert.deepEqual((await create(definition, cronTab({ a: "no!" }))).errors, [bad], format);
    }
  });

  it("shows columns by their paths and types when a table is asked for", () => {
    const definition = withSpec(
      { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      {
        additionalPrinterColumns: [
          { name: "Text", type: "string", jsonPath: ".spec.n" },
          { name: "Count", type: "integer", jsonPath: ".spec.n" },
          { name: "Ready", type: "string", jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: "Gone", type: "boolean", jsonPath: ".spec.gone", priority: 1 },
          { name: "Since", type: "date", jsonPath: ".spec.at" },
        ],
      },
    );
    const object = cronTab(
      { n: 3, at: "2026-01-01T00:00:00Z" },
      {
        status: {
          conditions: [
            { type: "A", status: "x" },
            { type: "Ready", status: "True" },
          ],
        },
      },
    );
    const now = Date.parse("2026-01-01T01:00:00Z");
    const cells = definition.strategy.columns?.map((column) => [column.name, column.value(object, now)]);
    assert.deepEqual(cells, [
      ["Name", "x"],
      ["Text", "3"],
      ["Count", 3],
      ["Ready", "True"],
      ["Gone", null],
      ["Since", "60m"],
    ]);
    assert.deepEqual(
      withSpec({ type: "object" }).strategy.columns?.map((column) => column.name),
      ["Name", "Age"],
    );
  });

  it("checks what scale reads, and clears status when a new object brings one", async () => {
    const definition = withSpec(
      { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      {
        subresources: {
          status: {},
          scale: {
            specReplicasPath: ".spec.replicas",
            statusReplicasPath: ".status.replicas",
            labelSelectorPath: ".status.selector",
          },
        },
      },
    );
    const { object, errors } = await create(definition, cronTab({ replicas: -1 }, { status: { replicas: 1 } }));
    assert.equal(object["status"], undefined);
    assert.deepEqual(errors, [".spec.replicas: Invalid value: -1: should be a non-negative integer"]);
    assert.deepEqual((await create(definition, cronTab({ replicas: "1" }))).errors, [
      ".spec.replicas: Invalid value: 0: .spec.replicas accessor error: 1 is of the type string, expected int64",
    ]);
  });

  it("refuses integers that have lost digits, and survives nesting past all reason, when decoding", () => {
    const definition = withSpec({ type: "object", "x-kubernetes-preserve-unknown-fields": true });
    assert.throws(() => decode(definition, cronTab({ a: 2 ** 53 + 2 })), /cannot unmarshal number/);
    assert.throws(() => decode(definition, cronTab({ a: Number("1e400") })), /cannot unmarshal number/);
    const typed = withSpec({ type: "object", properties: { a: { type: "number" } } });
    assert.throws(() => decode(typed, cronTab({ a: Number("1e400") })), /cannot unmarshal number/);
    assert.deepEqual(decode(definition, cronTab({ a: 1e300 })).object["spec"], { a: 1e300 });
    const deep: unknown = JSON.parse(`${"[".repeat(20_000)}${"]".repeat(20_000)}`);
    assert.throws(() => decode(definition, cronTab({ a: deep })), /exceeded max depth/);
  });

  it("gives fields for selectors when a version names some", () => {
    const definition = withSpec(
      { type: "object", properties: { color: { type: "string" }, on: { type: "boolean" } } },
      { selectableFields: [{ jsonPath: ".spec.color" }, { jsonPath: ".spec.on" }] },
    );
    const fields = definition.strategy.selectableFields ?? {};
    const object = cronTab({ on: true }) as unknown as KubeObject;
    assert.deepEqual(
      Object.entries(fields).map(([name, value]) => [name, value(object)]),
      [
        ["spec.color", ""],
        ["spec.on", "true"],
      ],
    );
  });
});
