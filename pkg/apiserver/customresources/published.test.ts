import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CustomResourceDefinition } from "#pkg/api/types/apiextensions-v1.ts";
import type { Transport } from "#pkg/client/types.ts";
import { requestInfoOf } from "../request-info.ts";
import { ADMIN, startTestServer, type TestServer } from "../testing.ts";
import { CRDS, crdOf, establish, versionOf } from "./testing.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- reads untyped documents
type Json = any;

/** A document as an HTTP client gets it. */
async function document({ server }: TestServer, path: string, accept = "application/json"): Promise<Json> {
  const { pathname, searchParams: query } = new URL(path, "http://server");
  const reply = await server.pipeline.handle({
    info: requestInfoOf("GET", pathname, query),
    method: "GET",
    path: pathname,
    query,
    headers: { accept },
    user: ADMIN,
    signal: new AbortController().signal,
    body: async () => undefined,
    warn: () => {},
  });
  if (reply.kind === "object") return reply.object;
  assert.equal(reply.kind, "bytes");
  return reply.kind === "bytes" ? JSON.parse(Buffer.from(reply.body).toString()) : undefined;
}

const replaceSpec = (
  transport: Transport,
  crd: CustomResourceDefinition,
  spec: Partial<CustomResourceDefinition["spec"]>,
): Promise<unknown> =>
  transport.request({
    method: "PATCH",
    path: `${CRDS}/${crd.metadata.name}`,
    contentType: "application/merge-patch+json",
    body: { spec },
  });

const schema = {
  type: "object",
  description: "Foo CRD for Testing",
  properties: {
    spec: {
      type: "object",
      description: "Specification of Foo",
      properties: {
        bars: {
          description: "List of Bars and their specs.",
          type: "array",
          items: {
            type: "object",
            required: ["name"],
            properties: {
              name: { description: "Name of Bar.", type: "string" },
              age: { description: "Age of Bar.", type: "string" },
            },
          },
        },
      },
    },
  },
};

const withSchema = (name: string, openAPIV3Schema: object, storage = false) =>
  versionOf(name, { storage, schema: { openAPIV3Schema } });

describe("documents of custom resources", { concurrency: true }, () => {
  it("name a kind as soon as it is established, in every form of discovery", async (t) => {
    const test = await startTestServer(t);
    const versions = [
      versionOf("v1beta1"),
      versionOf("v1", { storage: true, subresources: { status: {}, scale: SCALE } }),
      versionOf("v2alpha1", { served: false }),
    ];
    await establish(
      test.transport,
      crdOf("foos", "Foo", { versions, names: { shortNames: ["fo"], categories: ["all"] } }),
    );
    const group = await document(test, "/apis/stable.example.com");
    assert.equal(group.preferredVersion.version, "v1");
    assert.deepEqual(
      group.versions.map((each: Json) => each.version),
      ["v1", "v1beta1"],
    );
    const { groups } = await document(test, "/apis");
    assert.ok(groups.some((each: Json) => each.name === "stable.example.com"));
    const { resources } = await document(test, "/apis/stable.example.com/v1");
    assert.deepEqual(
      resources.map((each: Json) => [each.name, each.kind, each.verbs.length]),
      [
        ["foos", "Foo", 8],
        ["foos/scale", "Scale", 3],
        ["foos/status", "Foo", 3],
      ],
    );
    assert.deepEqual([resources[0].shortNames, resources[0].categories], [["fo"], ["all"]]);
    for (const v of ["v2", "v2beta1"]) {
      const list = await document(
        test,
        "/apis",
        `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`,
      );
      const item = list.items.find((each: Json) => each.metadata.name === "stable.example.com");
      assert.deepEqual(item.versions[0].resources[0].responseKind, {
        group: "stable.example.com",
        version: "v1",
        kind: "Foo",
      });
      assert.equal(item.versions[0].resources[0].scope, "Namespaced");
    }
  });

  it("publish the schema as it was given, with its descriptions", async (t) => {
    const test = await startTestServer(t);
    await establish(test.transport, crdOf("foos", "Foo", { versions: [withSchema("v1", schema, true)] }));
    const { definitions, paths } = await document(test, "/openapi/v2");
    const { properties, "x-kubernetes-group-version-kind": kinds, ...rest } = definitions["com.example.stable.v1.Foo"];
    assert.deepEqual(kinds, [{ group: "stable.example.com", version: "v1", kind: "Foo" }]);
    assert.deepEqual(rest, { type: "object", description: "Foo CRD for Testing" });
    assert.deepEqual(properties.spec, schema.properties.spec);
    assert.equal(properties.metadata.$ref, "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
    // kubectl sends strategic merge patches where they are named.
    const at = "/apis/stable.example.com/v1/namespaces/{namespace}/foos/{name}";
    const patchTypes = ["application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml"];
    assert.deepEqual(paths[at].patch.consumes, patchTypes);
    const index = await document(test, "/openapi/v3");
    const { serverRelativeURL } = index.paths["apis/stable.example.com/v1"];
    const v3 = await document(test, serverRelativeURL);
    assert.deepEqual(v3.components.schemas["com.example.stable.v1.Foo"].properties.spec, schema.properties.spec);
    assert.equal(v3.components.schemas["com.example.stable.v1.FooList"].properties.items.type, "array");
    assert.deepEqual(Object.keys(v3.paths[at].patch.requestBody.content), patchTypes);
  });

  it("leave out in v2 what v2 cannot say", async (t) => {
    const test = await startTestServer(t);
    const odd = {
      type: "object",
      properties: {
        open: {
          type: "object",
          "x-kubernetes-preserve-unknown-fields": true,
          properties: { known: { type: "string" } },
        },
        maybe: { type: "object", nullable: true, properties: { a: { type: "string" } } },
        port: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
      },
    };
    await establish(test.transport, crdOf("foos", "Foo", { versions: [withSchema("v1", odd, true)] }));
    const { properties } = (await document(test, "/openapi/v2")).definitions["com.example.stable.v1.Foo"];
    assert.deepEqual(properties.open, { type: "object", "x-kubernetes-preserve-unknown-fields": true });
    assert.deepEqual(properties.maybe, {});
    assert.deepEqual(properties.port, { "x-kubernetes-int-or-string": true });
  });

  it("follow a version that is renamed, and one that is served no more", async (t) => {
    const test = await startTestServer(t);
    const crd = await establish(
      test.transport,
      crdOf("foos", "Foo", { versions: [withSchema("v2", schema, true), withSchema("v3", schema)] }),
    );
    const names = async (): Promise<string[]> =>
      Object.keys((await document(test, "/openapi/v2")).definitions).filter((name) => name.endsWith(".Foo"));
    const unchanged = (await document(test, "/openapi/v3")).paths["api/v1"].serverRelativeURL;
    assert.deepEqual(await names(), ["com.example.stable.v2.Foo", "com.example.stable.v3.Foo"]);
    await replaceSpec(test.transport, crd, { versions: [withSchema("v2", schema, true), withSchema("v4", schema)] });
    assert.deepEqual(await names(), ["com.example.stable.v2.Foo", "com.example.stable.v4.Foo"]);
    await replaceSpec(test.transport, crd, {
      versions: [withSchema("v2", schema, true), { ...withSchema("v4", schema), served: false }],
    });
    assert.deepEqual(await names(), ["com.example.stable.v2.Foo"]);
    const { paths } = await document(test, "/openapi/v3");
    assert.equal(paths["api/v1"].serverRelativeURL, unchanged);
    assert.equal(paths["apis/stable.example.com/v4"], undefined);
  });

  it("hold kinds of several groups, and several kinds of one", async (t) => {
    const test = await startTestServer(t);
    const versions = [withSchema("v1", schema, true)];
    await establish(test.transport, crdOf("foos", "Foo", { versions }));
    await establish(test.transport, crdOf("bars", "Bar", { versions }));
    await establish(test.transport, crdOf("foos", "Foo", { versions, group: "other.example.com" }));
    const { definitions } = await document(test, "/openapi/v2");
    for (const name of ["com.example.stable.v1.Foo", "com.example.stable.v1.Bar", "com.example.other.v1.Foo"])
      assert.equal(definitions[name].description, "Foo CRD for Testing", name);
  });
});

const SCALE = { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" };
