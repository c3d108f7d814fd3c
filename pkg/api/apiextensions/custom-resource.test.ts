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
});
