import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { builtinDefinitions } from "#pkg/api/schema/load.ts";
import type { Schema } from "#pkg/api/schema/schema.ts";
import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";
import type { ApiRequest } from "#pkg/client/types.ts";
import { isConflict } from "#pkg/errors/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";

interface Answer {
  readonly metadata: { readonly resourceVersion: string; readonly managedFields?: readonly ManagedFieldsEntry[] };
  readonly [field: string]: any; // oxlint-disable-line no-explicit-any -- kinds differ
}

const SPEC: Schema = {
  type: "object",
  properties: {
    size: { type: "integer" },
    items: {
      type: "array",
      items: { type: "object", properties: { key: { type: "string" }, value: { type: "string" } } },
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["key"],
    },
    any: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
  },
};

/** A resource of a CRD as the machine sees it, in two versions that differ in nothing. */
function widgets(version: string): ResourceDefinition {
  const verbs = ["get", "list", "watch", "create", "update", "patch", "delete"];
  const apiVersion = `example.com/${version}`;
  return {
    group: "example.com",
    version,
    kind: "Widget",
    listKind: "WidgetList",
    plural: "widgets",
    singular: "widget",
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs,
    schema: {
      type: "object",
      properties: {
        apiVersion: { type: "string" },
        kind: { type: "string" },
        metadata: { $ref: "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" },
        spec: SPEC,
        status: { type: "object", properties: { ready: { type: "boolean" } } },
      },
    },
    definitions: builtinDefinitions()[0]?.definitions ?? {},
    definitionName: `com.example.${version}.Widget`,
    subresources: { status: { kind: "Widget", verbs } },
    storage: {
      prefix: "example.com/widgets",
      apiVersion: "example.com/v1",
      fromStorage: (object) => ({ ...object, apiVersion }),
      toStorage: (object) => ({ ...object, apiVersion: "example.com/v1" }),
    },
    strategy: { generation: true },
  };
}

const CONFIG_MAPS = "/api/v1/namespaces/d/configmaps";
const PODS = "/api/v1/namespaces/d/pods";
const WIDGETS = "/apis/example.com/v1/namespaces/d/widgets";
const WIDGETS_V2 = "/apis/example.com/v2/namespaces/d/widgets";

describe("managedFields of every write", () => {
  let test: TestServer;
  let second = 0;
  before(async () => {
    const definitions = [...builtinDefinitions(), widgets("v1"), widgets("v2")];
    const now = (): number => Date.parse("2026-01-02T03:04:00Z") + 1000 * second;
    test = await startTestServer(undefined, { definitions, now });
  });
  after(() => test.close());

  const send = async (
    method: ApiRequest["method"],
    path: string,
    body: object,
    manager: string,
    contentType?: NonNullable<ApiRequest["contentType"]>,
  ): Promise<Answer> =>
    (await test.transport.request({
      method,
      path,
      body,
      query: { fieldManager: manager },
      ...(contentType === undefined ? {} : { contentType }),
    })) as Answer;
  const merge = (path: string, body: object, manager: string): Promise<Answer> =>
    send("PATCH", path, body, manager, "application/merge-patch+json");
  const apply = (path: string, body: object, manager: string): Promise<Answer> =>
    send("PATCH", path, body, manager, "application/apply-patch+yaml");
  const owners = ({ metadata }: Answer): unknown =>
    Object.fromEntries(
      (metadata.managedFields ?? []).map(({ manager, subresource, fieldsV1 }) => [
        subresource === undefined ? manager : `${manager} by ${subresource}`,
        fieldsV1,
      ]),
    );
  const configMap = (name: string, data: object): object => ({ metadata: { name }, data });

  it("create, update and patches say who set what", async () => {
    const made = await send("POST", CONFIG_MAPS, configMap("a", { a: "1", b: "1" }), "creator");
    assert.deepEqual(owners(made), { creator: { "f:data": { ".": {}, "f:a": {}, "f:b": {} } } });
    const put = await send("PUT", `${CONFIG_MAPS}/a`, configMap("a", { a: "2", b: "1", c: "1" }), "updater");
    assert.deepEqual(owners(put), {
      creator: { "f:data": { ".": {}, "f:b": {} } },
      updater: { "f:data": { "f:a": {}, "f:c": {} } },
    });
    const operations = [
      { op: "remove", path: "/data/b" },
      { op: "add", path: "/data/d", value: "1" },
    ];
    const patched = await send("PATCH", `${CONFIG_MAPS}/a`, operations, "json", "application/json-patch+json");
    assert.deepEqual(owners(patched), {
      creator: { "f:data": {} },
      updater: { "f:data": { "f:a": {}, "f:c": {} } },
      json: { "f:data": { "f:d": {} } },
    });
    const strategic = await send(
      "PATCH",
      `${CONFIG_MAPS}/a`,
      { metadata: { labels: { l: "1" } }, data: { c: null } },
      "strategic",
      "application/strategic-merge-patch+json",
    );
    assert.deepEqual(owners(strategic), {
      creator: { "f:data": {} },
      updater: { "f:data": { "f:a": {} } },
      json: { "f:data": { "f:d": {} } },
      strategic: { "f:metadata": { "f:labels": { ".": {}, "f:l": {} } } },
    });
  });

  it("a write that changes nothing leaves times and revision as they are", async () => {
    const made = await send("POST", CONFIG_MAPS, configMap("same", { a: "1" }), "one");
    second += 5;
    const again = await send("PUT", `${CONFIG_MAPS}/same`, configMap("same", { a: "1" }), "two");
    assert.equal(again.metadata.resourceVersion, made.metadata.resourceVersion);
    const applied = await apply(
      `${CONFIG_MAPS}/same`,
      { apiVersion: "v1", kind: "ConfigMap", ...configMap("same", { a: "1" }) },
      "three",
    );
    second += 5;
    const reapplied = await apply(
      `${CONFIG_MAPS}/same`,
      { apiVersion: "v1", kind: "ConfigMap", ...configMap("same", { a: "1" }) },
      "three",
    );
    assert.equal(reapplied.metadata.resourceVersion, applied.metadata.resourceVersion);
    assert.deepEqual(
      reapplied.metadata.managedFields?.map(({ manager, time }) => [manager, time]),
      [
        ["three", "2026-01-02T03:04:05Z"],
        ["one", "2026-01-02T03:04:00Z"],
      ],
    );
  });

  it("subresources own what they write, and a binding nothing", async () => {
    await send("POST", PODS, { metadata: { name: "p" }, spec: { containers: [{ name: "c", image: "i" }] } }, "creator");
    const binding = { metadata: { name: "p" }, target: { kind: "Node", name: "n" } };
    await test.transport.request({ method: "POST", path: `${PODS}/p/binding`, body: binding });
    const status = await merge(`${PODS}/p/status`, { spec: { priority: 3 }, status: { phase: "Running" } }, "kubelet");
    assert.deepEqual(Object.keys(owners(status) as object), ["creator", "kubelet by status"]);
    assert.deepEqual((owners(status) as Record<string, unknown>)["kubelet by status"], {
      "f:status": { "f:phase": {} },
    });
    const added = { spec: { ephemeralContainers: [{ name: "e", image: "i" }] } };
    const debugged = await send(
      "PATCH",
      `${PODS}/p/ephemeralcontainers`,
      added,
      "debugger",
      "application/strategic-merge-patch+json",
    );
    const own = (owners(debugged) as Record<string, Record<string, Record<string, object>>>)[
      "debugger by ephemeralcontainers"
    ];
    assert.deepEqual(Object.keys(own?.["f:spec"] ?? {}), ["f:ephemeralContainers"]);
  });

  it("custom resources are tracked and applied by their schema, in any version", async () => {
    const widget = (version: string, spec: object): object => ({
      apiVersion: `example.com/${version}`,
      kind: "Widget",
      metadata: { name: "w" },
      spec,
    });
    await apply(
      `${WIDGETS}/w`,
      widget("v1", { size: 1, items: [{ key: "a", value: "1" }], any: { x: { y: 1 } } }),
      "one",
    );
    await apply(`${WIDGETS_V2}/w`, widget("v2", { items: [{ key: "b", value: "2" }] }), "two");
    const both = await merge(`${WIDGETS_V2}/w/status`, { status: { ready: true } }, "controller");
    assert.deepEqual(both["spec"], {
      size: 1,
      items: [
        { key: "a", value: "1" },
        { key: "b", value: "2" },
      ],
      any: { x: { y: 1 } },
    });
    assert.deepEqual(owners(both), {
      one: {
        "f:spec": {
          "f:any": { "f:x": { ".": {}, "f:y": {} } },
          "f:items": { 'k:{"key":"a"}': { ".": {}, "f:key": {}, "f:value": {} } },
          "f:size": {},
        },
      },
      two: { "f:spec": { "f:items": { 'k:{"key":"b"}': { ".": {}, "f:key": {}, "f:value": {} } } } },
      "controller by status": { "f:status": { ".": {}, "f:ready": {} } },
    });
    assert.deepEqual(
      both.metadata.managedFields?.map(({ apiVersion }) => apiVersion),
      ["example.com/v1", "example.com/v2", "example.com/v2"],
    );
    // The same applier in another version is the same applier.
    const moved = await apply(`${WIDGETS_V2}/w`, widget("v2", { size: 2 }), "one");
    assert.deepEqual(moved["spec"], { size: 2, items: [{ key: "b", value: "2" }] });
    await assert.rejects(apply(`${WIDGETS}/w`, widget("v1", { size: 3 }), "three"), isConflict);
  });

  it("fields follow from one version of a built-in kind to another", async () => {
    const path = (version: string): string => `/apis/autoscaling/${version}/namespaces/d/horizontalpodautoscalers`;
    const made = await send(
      "POST",
      path("v1"),
      {
        metadata: { name: "h" },
        spec: {
          maxReplicas: 3,
          targetCPUUtilizationPercentage: 50,
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" },
        },
      },
      "one",
    );
    assert.equal(made.metadata.managedFields?.[0]?.apiVersion, "autoscaling/v1");
    const patched = await merge(
      `${path("v2")}/h`,
      {
        spec: {
          metrics: [
            { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } } },
          ],
        },
      },
      "two",
    );
    const fields = (manager: string): string =>
      JSON.stringify(patched.metadata.managedFields?.find((each) => each.manager === manager)?.fieldsV1);
    assert.ok(!fields("one").includes("targetCPUUtilizationPercentage"), fields("one"));
    assert.ok(fields("two").includes("f:metrics"), fields("two"));
  });
});
