import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs/minimal.js";
import type { ResourceDefinition, Schema } from "#pkg/api/index.ts";
import type { Reply, RequestContext } from "../types.ts";
import { createOpenApi } from "./openapi.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- reads untyped documents
type Json = any;
type Bytes = Extract<Reply, { kind: "bytes" }>;

const META = "io.k8s.apimachinery.pkg.apis.meta.v1.";
const gvk = (kind: string) => ({ "x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind }] });
const definitions: Record<string, Schema> = {
  "io.x.Pod": {
    type: "object",
    ...gvk("Pod"),
    properties: {
      metadata: { $ref: `${META}ObjectMeta` },
      spec: { $ref: "io.x.PodSpec", "x-kubernetes-patch-strategy": "retainKeys" },
    },
  },
  "io.x.PodSpec": {
    type: "object",
    properties: { port: { $ref: "io.x.IntOrString" }, $ref: { type: "string", nullable: true } },
  },
  "io.x.PodList": { type: "object", ...gvk("PodList") },
  "io.x.IntOrString": { type: "string", format: "int-or-string" },
  "io.x.Unused": { type: "object" },
  [`${META}ObjectMeta`]: { type: "object" },
  [`${META}Patch`]: { type: "object" },
};

function definition(more: Partial<ResourceDefinition> = {}): ResourceDefinition {
  return {
    group: "",
    version: "v1",
    kind: "Pod",
    listKind: "PodList",
    plural: "pods",
    singular: "pod",
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: ["get", "list", "patch", "deletecollection"],
    schema: definitions["io.x.Pod"] ?? {},
    definitions,
    definitionName: "io.x.Pod",
    subresources: { exec: { kind: "PodExecOptions", verbs: ["get"] }, status: { kind: "Pod", verbs: ["update"] } },
    storage: { prefix: "pods", apiVersion: "v1" },
    strategy: {},
    ...more,
  };
}

const custom = definition({
  group: "x.example.com",
  kind: "Foo",
  listKind: "FooList",
  plural: "foos",
  namespaced: false,
  verbs: ["get", "list"],
  schema: { type: "object", properties: { spec: { type: "string" } } },
  definitions: {},
  definitionName: "com.example.x.v1.Foo",
  subresources: {},
});

function openApiOf(list: () => readonly ResourceDefinition[]) {
  const openApi = createOpenApi({ definitions: list, gitVersion: "v1.36.2" });
  const reply = async (address: string, headers: Record<string, string> = {}) => {
    const url = new URL(address, "http://server");
    const handler = openApi.find(url.pathname);
    assert.ok(handler, `nothing at ${address}`);
    const context = { method: "GET", headers, query: url.searchParams } as unknown as RequestContext;
    return (await handler(context)) as Bytes;
  };
  const json = async (address: string): Promise<Json> =>
    JSON.parse(Buffer.from((await reply(address)).body).toString());
  const index = async (): Promise<Json> => {
    const answer = (await reply("/openapi/v3")) as unknown as { object: Json };
    return answer.object.paths;
  };
  return { openApi, reply, json, index };
}

/** The length-delimited fields of a message by number. */
function fieldsOf(message: Uint8Array): Map<number, Uint8Array[]> {
  const reader = protobuf.Reader.create(message);
  const fields = new Map<number, Uint8Array[]>();
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    assert.equal(tag & 7, 2);
    fields.set(tag >>> 3, [...(fields.get(tag >>> 3) ?? []), reader.bytes()]);
  }
  return fields;
}

describe("createOpenApi v3", () => {
  const list = [definition(), custom];
  const { openApi, reply, json, index } = openApiOf(() => list);

  it("names each group version by its hash, and answers that address for ever", async () => {
    const { serverRelativeURL } = (await index())["api/v1"];
    assert.match(serverRelativeURL, /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{64}$/);
    const answer = await reply(serverRelativeURL, { "accept-encoding": "gzip" });
    assert.equal(answer.headers["cache-control"], "public, immutable");
    assert.equal(JSON.parse(gunzipSync(answer.body).toString()).openapi, "3.0.0");
    const old = await reply("/openapi/v3/api/v1?hash=OLD");
    assert.deepEqual([old.status, old.headers.location], [301, serverRelativeURL]);
    const known = await reply(serverRelativeURL, { "if-none-match": answer.headers.etag ?? "" });
    assert.equal(known.status, 304);
  });

  it("names a custom group anew when what its documents refer to changed", async () => {
    const addressWith = async (meta: Schema): Promise<string> => {
      const table = { ...definitions, [`${META}ObjectMeta`]: meta };
      const address = (await openApiOf(() => [definition({ definitions: table }), custom]).index())[
        "apis/x.example.com/v1"
      ];
      return address.serverRelativeURL;
    };
    const address = await addressWith({ type: "object" });
    assert.equal(await addressWith({ type: "object" }), address);
    assert.notEqual(await addressWith({ type: "object", description: "said now" }), address);
  });

  it("has a path for each verb, with what kubectl looks for at PATCH", async () => {
    const { paths } = await json("/openapi/v3/api/v1");
    assert.deepEqual(Object.keys(paths), [
      "/api/v1/namespaces/{namespace}/pods",
      "/api/v1/namespaces/{namespace}/pods/{name}",
      "/api/v1/namespaces/{namespace}/pods/{name}/exec",
      "/api/v1/namespaces/{namespace}/pods/{name}/status",
      "/api/v1/pods",
    ]);
    const patch = paths["/api/v1/namespaces/{namespace}/pods/{name}"].patch;
    assert.equal(patch.operationId, "patchCoreV1NamespacedPod");
    assert.deepEqual(patch["x-kubernetes-group-version-kind"], { group: "", version: "v1", kind: "Pod" });
    assert.deepEqual(
      patch.parameters.map((p: Json) => p.name),
      ["pretty", "dryRun", "fieldManager", "fieldValidation", "force"],
    );
    const exec = paths["/api/v1/namespaces/{namespace}/pods/{name}/exec"].get;
    assert.deepEqual([exec.operationId, exec["x-kubernetes-action"]], ["connectCoreV1GetNamespacedPodExec", "connect"]);
    assert.equal(paths["/api/v1/pods"].get.operationId, "listCoreV1PodForAllNamespaces");
    assert.equal(
      paths["/api/v1/namespaces/{namespace}/pods"].delete.operationId,
      "deleteCoreV1CollectionNamespacedPod",
    );
  });

  it("carries the schemas that are referred to, in v3's form, and no others", async () => {
    const { schemas } = (await json("/openapi/v3/api/v1")).components;
    assert.deepEqual(Object.keys(schemas), [
      "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
      "io.k8s.apimachinery.pkg.apis.meta.v1.Patch",
      "io.x.IntOrString",
      "io.x.Pod",
      "io.x.PodList",
      "io.x.PodSpec",
    ]);
    assert.deepEqual(schemas["io.x.Pod"].properties.spec, {
      "x-kubernetes-patch-strategy": "retainKeys",
      allOf: [{ $ref: "#/components/schemas/io.x.PodSpec" }],
    });
    assert.deepEqual(schemas["io.x.PodSpec"].properties.$ref, { type: "string", nullable: true });
    assert.deepEqual(schemas["io.x.IntOrString"].oneOf, [{ type: "integer" }, { type: "string" }]);
  });

  it("publishes a custom resource with its kind, its list and an object's own fields", async () => {
    const { schemas } = (await json("/openapi/v3/apis/x.example.com/v1")).components;
    assert.deepEqual(Object.keys(schemas["com.example.x.v1.Foo"].properties), [
      "spec",
      "apiVersion",
      "kind",
      "metadata",
    ]);
    assert.equal(
      schemas["com.example.x.v1.FooList"].properties.items.items.$ref,
      "#/components/schemas/com.example.x.v1.Foo",
    );
  });

  it("answers gnostic protobuf at the same address to those who ask for it", async () => {
    const { serverRelativeURL } = (await index())["api/v1"];
    const answer = await reply(serverRelativeURL, {
      accept: "application/com.github.proto-openapi.spec.v3@v1.0+protobuf",
    });
    assert.equal(answer.headers["content-type"], "application/com.github.proto-openapi.spec.v3.v1.0+protobuf");
    // Document: openapi = 1, info = 2, paths = 4, components = 5.
    const fields = fieldsOf(answer.body as Uint8Array);
    assert.deepEqual([...fields.keys()], [1, 2, 4, 5]);
    assert.equal(Buffer.from(fields.get(1)?.[0] ?? []).toString(), "3.0.0");
    const names = (message: Uint8Array | undefined): string[] =>
      (fieldsOf(message ?? new Uint8Array()).get(1) ?? []).map((entry) =>
        Buffer.from(fieldsOf(entry).get(1)?.[0] ?? []).toString(),
      );
    assert.deepEqual(names(fields.get(4)?.[0]), Object.keys((await json("/openapi/v3/api/v1")).paths));
    const schemas = fieldsOf(fields.get(5)?.[0] ?? new Uint8Array()).get(1)?.[0];
    assert.deepEqual(names(schemas), Object.keys((await json("/openapi/v3/api/v1")).components.schemas));
  });

  it("finds nothing for what is not served, and refuses types it does not have", async () => {
    assert.equal(openApi.find("/openapi/v3/apis/nope/v1"), undefined);
    await assert.rejects(reply("/openapi/v3/api/v1", { accept: "text/html" }), { code: 406 });
  });

  it("makes only the changed group again", async () => {
    let now: readonly ResourceDefinition[] = list;
    const changing = openApiOf(() => now);
    const before = await changing.index();
    now = [list[0] as ResourceDefinition, { ...custom, verbs: ["get"] }];
    const after = await changing.index();
    assert.deepEqual(after["api/v1"], before["api/v1"]);
    assert.notDeepEqual(after["apis/x.example.com/v1"], before["apis/x.example.com/v1"]);
    now = [list[0] as ResourceDefinition];
    assert.deepEqual(Object.keys(await changing.index()), ["api/v1"]);
  });
});

describe("createOpenApi v2", () => {
  const { reply, json } = openApiOf(() => [definition(), custom]);

  it("has all groups in one document", async () => {
    const document = await json("/openapi/v2");
    assert.equal(document.swagger, "2.0");
    assert.ok(document.paths["/apis/x.example.com/v1/foos/{name}"].get);
    assert.deepEqual(document.definitions["io.x.PodSpec"].properties, {
      port: { $ref: "#/definitions/io.x.IntOrString" },
      $ref: {},
    });
  });

  it("answers gnostic protobuf to those who ask for it", async () => {
    const answer = await reply("/openapi/v2", {
      accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    });
    assert.equal(answer.headers["content-type"], "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
    // Document: swagger = 1, info = 2, paths = 8, definitions = 9.
    const reader = protobuf.Reader.create(answer.body as Uint8Array);
    const fields: number[] = [];
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      fields.push(tag >>> 3);
      if (tag >>> 3 === 1) assert.equal(reader.string(), "2.0");
      else reader.skipType(tag & 7);
    }
    assert.deepEqual(fields, [1, 2, 8, 9]);
  });
});
