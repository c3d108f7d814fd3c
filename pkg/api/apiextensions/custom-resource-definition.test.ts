import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FieldError } from "#pkg/errors/index.ts";
import { builtinSchemas } from "../schema/builtin-schemas.ts";
import { DecoderCompiler, Decoding } from "../schema/decoder.ts";
import { customResourceDefinitionStrategy as strategy } from "./custom-resource-definition.ts";

const GROUP = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";
type Loose = Record<string, any>; // oxlint-disable-line no-explicit-any -- objects of every kind

const schemaOf = (spec: Loose): Loose => ({ openAPIV3Schema: { type: "object", properties: { spec } } });
const version = (more: Loose = {}): Loose => ({
  name: "v1",
  served: true,
  storage: true,
  schema: schemaOf({ type: "object", properties: { replicas: { type: "integer" } } }),
  ...more,
});
const crd = (spec: Loose = {}): Loose => ({
  metadata: { name: "crontabs.stable.example.com" },
  spec: {
    group: "stable.example.com",
    scope: "Namespaced",
    names: { plural: "crontabs", kind: "CronTab" },
    versions: [version()],
    ...spec,
  },
});

const texts = (errors: readonly FieldError[]): string[] => errors.map((each) => `${each.field}: ${each.message}`);

async function create(given: Loose): Promise<{ object: Loose; errors: string[]; warnings: string[] }> {
  const object = structuredClone(given);
  await strategy.ready?.();
  strategy.defaults?.(object as never);
  strategy.prepareForCreate?.(object as never);
  return {
    object,
    errors: texts(strategy.validate?.(object as never) ?? []),
    warnings: strategy.warnings?.(object as never, undefined) ?? [],
  };
}
async function update(before: Loose, after: Loose): Promise<string[]> {
  const old = (await create(before)).object;
  if (before["status"] !== undefined) old["status"] = { ...old["status"], ...before["status"] };
  const object = structuredClone(after);
  strategy.defaults?.(object as never);
  strategy.prepareForUpdate?.(object as never, old as never);
  return texts(strategy.validateUpdate?.(object as never, old as never) ?? []);
}
const errorsOf = async (spec: Loose): Promise<string[]> => (await create(crd(spec))).errors;
/** What is said about the schema of `spec` in a single version. */
const AT = "spec.validation.openAPIV3Schema.properties[spec]";
const schemaErrors = (spec: Loose): Promise<string[]> => errorsOf({ versions: [version({ schema: schemaOf(spec) })] });

describe("customResourceDefinitionStrategy", () => {
  it("fills in names, conversion and stored versions when a definition is created", async () => {
    const { object, errors } = await create(crd());
    assert.deepEqual(errors, []);
    assert.deepEqual(object["spec"].names, {
      plural: "crontabs",
      kind: "CronTab",
      singular: "crontab",
      listKind: "CronTabList",
    });
    assert.deepEqual(object["spec"].conversion, { strategy: "None" });
    assert.deepEqual(object["status"], {
      conditions: [],
      acceptedNames: { plural: "", kind: "" },
      storedVersions: ["v1"],
    });
  });

  const LABEL =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
  const wrongSpecs: [string, Loose, string[]][] = [
    [
      "the group has no dot",
      { group: "stable" },
      [
        'metadata.name: Invalid value: "crontabs.stable.example.com": must be spec.names.plural+"."+spec.group',
        'spec.group: Invalid value: "stable": should be a domain with at least one dot',
      ],
    ],
    [
      "the scope is not known",
      { scope: "Global" },
      ['spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"'],
    ],
    [
      "there is no storage version",
      { versions: [version({ storage: false })] },
      [
        'spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false}]: must have exactly one version marked as storage version',
        "status.storedVersions: Invalid value: []: must have at least one stored version",
      ],
    ],
    [
      "kind and list kind are the same",
      { names: { plural: "crontabs", kind: "CronTab", listKind: "CronTab", shortNames: ["C"] } },
      [
        `spec.names.shortNames[0]: Invalid value: "C": ${LABEL}`,
        'spec.names.listKind: Invalid value: "CronTab": kind and listKind may not be the same',
      ],
    ],
    [
      "a version has no schema",
      { versions: [version({ schema: undefined })] },
      ["spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required"],
    ],
    [
      "unknown fields are to be preserved everywhere",
      { preserveUnknownFields: true },
      [
        "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
      ],
    ],
    [
      "a version that is not deprecated warns",
      { versions: [version({ deprecationWarning: "old" })] },
      ['spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated versions'],
    ],
    [
      "a webhook is not said",
      { conversion: { strategy: "Webhook" } },
      [
        "spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook",
        "spec.conversion.conversionReviewVersions: Required value",
      ],
    ],
    [
      "a webhook is wrong",
      {
        conversion: {
          strategy: "Webhook",
          webhook: { clientConfig: { url: "http://a@b?c" }, conversionReviewVersions: ["v2"] },
        },
      },
      [
        `spec.conversion.webhookClientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
        'spec.conversion.webhookClientConfig.url: Invalid value: "a": user information is not permitted in the URL',
        'spec.conversion.webhookClientConfig.url: Invalid value: "c": query parameters are not permitted in the URL',
        'spec.conversion.conversionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
      ],
    ],
    [
      "subresources and columns are wrong",
      {
        versions: [
          version({
            subresources: { scale: { specReplicasPath: "spec.replicas", statusReplicasPath: ".spec.replicas" } },
            additionalPrinterColumns: [
              { name: "A", type: "text", jsonPath: "spec.a" },
              { name: "", type: "date", format: "x", jsonPath: ".a" },
            ],
          }),
        ],
      },
      [
        'spec.subresources.scale.specReplicasPath: Invalid value: "spec.replicas": must be a simple json path starting with .',
        'spec.subresources.scale.statusReplicasPath: Invalid value: ".spec.replicas": should be a json path under .status',
        'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "spec.a": must be a simple json path starting with .',
        "spec.additionalPrinterColumns[1].name: Required value",
        'spec.additionalPrinterColumns[1].format: Invalid value: "x": must be one of byte,date,date-time,double,float,int32,int64,password',
      ],
    ],
    [
      "selectable fields lead nowhere",
      {
        versions: [
          version({
            selectableFields: [
              { jsonPath: ".spec.x" },
              { jsonPath: ".spec" },
              { jsonPath: ".spec.replicas" },
              { jsonPath: ".spec.replicas" },
            ],
          }),
        ],
      },
      [
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.x": is an invalid path: does not refer to a valid field',
        'spec.selectableFields[1].jsonPath: Invalid value: ".spec": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        'spec.selectableFields[3].jsonPath: Duplicate value: ".spec.replicas"',
      ],
    ],
  ];
  for (const [when, spec, expected] of wrongSpecs)
    it(`finds what upstream finds when ${when}`, async () => assert.deepEqual(await errorsOf(spec), expected));

  it("names the version in paths when versions differ", async () => {
    const versions = [version(), version({ name: "v2", storage: false, schema: schemaOf({ properties: {} }) })];
    assert.deepEqual(await errorsOf({ versions }), [
      "spec.versions[1].schema.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields",
    ]);
  });

  const wrongSchemas: [Loose, string[]][] = [
    [{}, [`${AT}.type: Required value: must not be empty for specified object fields`]],
    [{ type: "array" }, [`${AT}.items: Required value: must be specified`]],
    [{ type: "array", items: {} }, [`${AT}.items.type: Required value: must not be empty for specified array items`]],
    [
      { type: "string", pattern: "[a" },
      [
        `${AT}.pattern: Invalid value: "[a": must be a valid regular expression, but isn't: error parsing regexp: missing closing ]: \`[a\``,
      ],
    ],
    [
      { type: "object", additionalProperties: { type: "string" }, properties: { a: { type: "string" } } },
      [`${AT}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
    ],
    [
      { type: "array", items: { type: "string" }, uniqueItems: true },
      [
        `${AT}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
      ],
    ],
    [
      { type: "object", $ref: "#/a", definitions: { a: { type: "string" } } },
      [`${AT}.definitions: Forbidden: definitions is not supported`, `${AT}.$ref: Forbidden: $ref is not supported`],
    ],
    [
      { type: "thing" },
      [
        `${AT}.type: Unsupported value: "thing": supported values: "array", "boolean", "integer", "number", "object", "string"`,
      ],
    ],
    [
      {
        type: "object",
        properties: { a: { type: "string" } },
        anyOf: [{ properties: { a: { type: "string" }, b: { minLength: 1 } } }, { not: { required: ["a"] } }],
      },
      [
        `${AT}.anyOf[0].properties[a].type: Forbidden: must be empty to be structural`,
        `${AT}.properties[b]: Required value: because it is defined in ${AT}.anyOf[0].properties[b]`,
      ],
    ],
    [{ "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] }, []],
    [
      { type: "object", "x-kubernetes-embedded-resource": true },
      [
        `${AT}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
      ],
    ],
    [
      { type: "object", "x-kubernetes-preserve-unknown-fields": false },
      [`${AT}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`],
    ],
    [
      {
        type: "array",
        items: { type: "object", properties: { a: { type: "string" } } },
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["a", "b"],
      },
      [
        `${AT}.x-kubernetes-list-map-keys: Invalid value: ["a","b"]: entries must all be names of item properties`,
        `${AT}.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      ],
    ],
    [
      { type: "array", items: { type: "object" }, "x-kubernetes-list-type": "set" },
      [
        `${AT}.items.x-kubernetes-map-type: Invalid value: "null": must be atomic as item of a list with x-kubernetes-list-type=set`,
      ],
    ],
    [
      { type: "object", properties: { a: { type: "string", default: 5 }, b: { type: "object", default: { c: 1 } } } },
      [
        `${AT}.properties[a].default: Invalid value: "integer":  in body must be of type string: "integer"`,
        `${AT}.properties[b].default: Invalid value: {"c":1}: must not have unknown fields`,
      ],
    ],
  ];
  for (const [schema, expected] of wrongSchemas)
    it(`judges schemas as upstream does when one is ${JSON.stringify(schema)}`, async () =>
      assert.deepEqual(await schemaErrors(schema), expected));

  it("refuses more of metadata than its names when the root schema says so", async () => {
    const properties = { metadata: { type: "object", properties: { labels: { type: "object" } } } };
    const schema = { openAPIV3Schema: { type: "object", properties } };
    assert.deepEqual(await errorsOf({ versions: [version({ schema })] }), [
      "spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified",
    ]);
  });

  it("compiles rules and holds them to upstream's costs when a schema has some", async () => {
    const rule = (text: string, more: Loose = {}): Loose => ({ rule: text, ...more });
    const items = {
      type: "object",
      "x-kubernetes-validations": [rule("self.a == oldSelf.a")],
      properties: { a: { type: "string" } },
    };
    const found = await schemaErrors({
      type: "object",
      properties: {
        replicas: { type: "integer" },
        list: { type: "array", items },
        free: { type: "array", items: { type: "string" } },
      },
      "x-kubernetes-validations": [
        rule("self.replicas > 1"),
        rule("self.replica > 1"),
        rule("self.replicas"),
        rule("self.replicas > 1", { messageExpression: "1", optionalOldSelf: true }),
        rule("self.free.all(a, self.free.all(b, self.free.all(c, a + b == c)))"),
      ],
    });
    const at = `${AT}.x-kubernetes-validations`;
    assert.match(
      found.find((each) => each.startsWith(`${at}[1].rule`)) ?? "",
      /Invalid value: \{"Rule":"self.replica > 1".*: compilation failed: ERROR: <input>:1:5: undefined field 'replica'/,
    );
    assert.match(
      found.find((each) => each.startsWith(`${at}[2].rule`)) ?? "",
      /: cel expression must evaluate to a bool$/,
    );
    assert.match(
      found.find((each) => each.startsWith(`${at}[3].messageExpression`)) ?? "",
      /: messageExpression must evaluate to a string$/,
    );
    assert.match(
      found.find((each) => each.startsWith(`${at}[3].optionalOldSelf`)) ?? "",
      /: may not be set if oldSelf is not used in rule$/,
    );
    assert.match(
      found.find((each) => each.startsWith(`${at}[4].rule`)) ?? "",
      /Forbidden: estimated rule cost exceeds budget by factor of more than 100x \(try simplifying the rule/,
    );
    assert.match(
      found.join("\n"),
      /oldSelf cannot be used on the uncorrelatable portion of the schema within spec\.validation\.openAPIV3Schema\.properties\[spec\]\.properties\[list\]/,
    );
    assert.ok(!found.some((each) => each.startsWith(`${at}[0]`)));
  });

  it("checks the form of rules when they say more than an expression", async () => {
    const found = await schemaErrors({
      type: "object",
      properties: { a: { type: "string" } },
      "x-kubernetes-validations": [
        { rule: " " },
        { rule: "true", message: " " },
        { rule: "true\n||false" },
        { rule: "true", reason: "Wrong", fieldPath: ".b" },
      ],
    });
    const at = `${AT}.x-kubernetes-validations`;
    assert.deepEqual(found, [
      `${at}[0].rule: Required value: rule is not specified`,
      `${at}[1].message: Invalid value: " ": message must be non-empty if specified`,
      `${at}[2].message: Required value: message must be specified if rule contains line breaks`,
      `${at}[3].reason: Unsupported value: "Wrong": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"`,
      `${at}[3].fieldPath: Invalid value: ".b": fieldPath must be a valid path`,
    ]);
  });

  it("keeps scope and kind once established, group and plural always, and stored versions when updated", async () => {
    const established = { status: { conditions: [{ type: "Established", status: "True" }] } };
    const names = { plural: "crontabs", kind: "Tab" };
    assert.deepEqual(await update(crd(), crd({ scope: "Cluster", names })), []);
    assert.deepEqual(await update({ ...crd(), ...established }, crd({ scope: "Cluster", names })), [
      'spec.scope: Invalid value: "Cluster": field is immutable',
      'spec.names.kind: Invalid value: "Tab": field is immutable',
    ]);
    assert.deepEqual(await update(crd(), crd({ names: { plural: "tabs", kind: "CronTab" } })), [
      'spec.names.plural: Invalid value: "tabs": field is immutable',
    ]);
    assert.deepEqual(await update(crd(), crd({ versions: [version({ name: "v2" })] })), [
      'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
    ]);
  });

  it("asks for an approval when the group is Kubernetes' own", async () => {
    const given = { ...crd({ group: "x.k8s.io" }), metadata: { name: "crontabs.x.k8s.io" } };
    assert.deepEqual((await create(given)).errors, [
      'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
    ]);
    const annotations = { "api-approved.kubernetes.io": "https://github.com/kubernetes/kubernetes/pull/1" };
    assert.deepEqual((await create({ ...given, metadata: { ...given.metadata, annotations } })).errors, []);
  });

  it("warns of formats when nothing checks them", async () => {
    const properties = { a: { type: "string", format: "colour" }, b: { type: "integer", format: "int32" } };
    const { warnings } = await create(
      crd({ versions: [version({ schema: schemaOf({ type: "object", properties }) })] }),
    );
    assert.deepEqual(warnings, ['unrecognized format "colour"']);
  });

  it("holds defaults to the rules of their schema when it has some", async () => {
    const a = { type: "integer", default: 1, "x-kubernetes-validations": [{ rule: "self > 5", message: "small" }] };
    assert.deepEqual(await schemaErrors({ type: "object", properties: { a } }), [
      `${AT}.properties[a].default: Invalid value: "integer": small`,
    ]);
  });

  it("refuses a schema when it is nested past all reason", async () => {
    let spec: Loose = { type: "string" };
    for (let depth = 0; depth < 700; depth++) spec = { type: "object", properties: { a: spec } };
    assert.deepEqual(await schemaErrors(spec), [
      'spec.validation.openAPIV3Schema: Invalid value: "": must not be nested deeper than 1000',
    ]);
  });

  it("is given schemas that are typed wherever they stand", () => {
    const decode = new DecoderCompiler(builtinSchemas()).definition(`${GROUP}CustomResourceValidation`);
    const items = { type: "string", unknown: 1 };
    const state = new Decoding();
    const decoded = decode({ openAPIV3Schema: { items, additionalProperties: true } }, state);
    assert.deepEqual(decoded, { openAPIV3Schema: { items: { type: "string" }, additionalProperties: true } });
    assert.deepEqual(state.unknown, ["openAPIV3Schema.items.unknown"]);
    assert.throws(() => decode({ openAPIV3Schema: { items: { type: 5 } } }, new Decoding()), {
      message:
        "json: cannot unmarshal number into Go struct field JSONSchemaProps.openAPIV3Schema.items.type of type string",
    });
  });
});
