// The statements "FieldValidation should …".
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "#pkg/errors/index.ts";
import { crdOf, establish, versionOf } from "../customresources/testing.ts";
import { type Cluster, type Loose, startCluster } from "./testing.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/ns/deployments";
const FOOS = "/apis/stable.example.com/v1/foos";
const STRICT = { fieldManager: "tester", fieldValidation: "Strict" };
const CRON = "^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$";

const port = {
  type: "object",
  required: ["containerPort", "protocol"],
  properties: {
    containerPort: { type: "integer", format: "int32" },
    hostPort: { type: "integer", format: "int32" },
    name: { type: "string" },
    protocol: { type: "string" },
  },
};
const fields = {
  foo: { type: "string" },
  cronSpec: { type: "string", pattern: CRON },
  ports: {
    type: "array",
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["containerPort", "protocol"],
    items: port,
  },
};
const open = { "x-kubernetes-preserve-unknown-fields": true };

/** A cluster with the kind Foo, whose spec is so; without a spec anything goes. */
async function start(t: Parameters<typeof startCluster>[0], spec?: object): Promise<Cluster> {
  const cluster = await startCluster(t);
  const openAPIV3Schema =
    spec === undefined
      ? { type: "object", ...open }
      : { type: "object", properties: { spec: { type: "object", ...spec } } };
  const versions = [versionOf("v1", { storage: true, schema: { openAPIV3Schema } })];
  await establish(cluster.test.transport, crdOf("foos", "Foo", { scope: "Cluster", versions }));
  return cluster;
}

const CONTENT = `
  cronSpec: "* * * * */5"
  ports:
  - name: x
    containerPort: 80
    protocol: TCP`;

/** Applies a Foo; `metadata`, `root` and `spec` are lines of YAML. */
const apply = async (
  { test }: Cluster,
  { metadata = "", root = "", spec = "" }: { metadata?: string; root?: string; spec?: string },
): Promise<Loose> =>
  (await test.transport.request({
    method: "PATCH",
    path: `${FOOS}/mytest`,
    query: STRICT,
    contentType: "application/apply-patch+yaml",
    body: Buffer.from(
      `\napiVersion: stable.example.com/v1\nkind: Foo\nmetadata:\n  name: mytest${metadata}\n  finalizers:\n  - test-finalizer${root}\nspec:${spec}${CONTENT}`,
    ),
  })) as Loose;

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => undefined,
    (err: unknown) => err,
  );
  assert.ok(error instanceof ApiError, "was not refused");
  return error.message;
}

function deployment(metadata: string, spec: string): Uint8Array {
  return Buffer.from(`{"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"my-dep",${metadata}"labels":{"app":"nginx"}},
    "spec":{${spec}"selector":{"matchLabels":{"app":"nginx"}},
      "template":{"metadata":{"labels":{"app":"nginx"}},"spec":{"containers":[{"name":"nginx","image":"nginx"}]}}}}`);
}

describe("FieldValidation", { concurrency: true }, () => {
  it("names unknown and duplicate fields of a typed object", async (t) => {
    const { send, namesOf } = await startCluster(t);
    const body = deployment("", '"unknownField":"foo","replicas":2,"replicas":3,');
    const message = await refusal(send("POST", DEPLOYMENTS, body, STRICT));
    assert.ok(
      message.includes('strict decoding error: unknown field "spec.unknownField", duplicate field "spec.replicas"'),
      message,
    );
    assert.deepEqual(await namesOf(DEPLOYMENTS), []);
  });

  it("names unknown fields in the metadata of a typed object", async (t) => {
    const { send } = await startCluster(t);
    const message = await refusal(send("POST", DEPLOYMENTS, deployment('"unknownMeta":"foo",', ""), STRICT));
    assert.ok(message.includes('strict decoding error: unknown field "metadata.unknownMeta"'), message);
  });

  it("takes a custom resource that fits its schema", async (t) => {
    const made = await apply(await start(t, { properties: fields }), { spec: "\n  foo: foo1" });
    assert.equal(made["spec"].foo, "foo1");
    assert.deepEqual(made.metadata.finalizers, ["test-finalizer"]);
  });

  it("takes fields of a custom resource that no schema describes", async (t) => {
    const made = await apply(await start(t), { spec: "\n  unknown: uk1" });
    assert.equal(made["spec"].unknown, "uk1");
  });

  it("refuses a custom resource with a field that its schema does not have", async (t) => {
    const cluster = await start(t, { properties: fields });
    const message = await refusal(apply(cluster, { root: "\nunknownField: unknown", spec: "\n  foo: foo1" }));
    assert.ok(message.includes(".unknownField: field not declared in schema"), message);
    const body = { metadata: { name: "made" }, unknownField: "unknown", spec: {} };
    assert.match(await refusal(cluster.send("POST", FOOS, body, STRICT)), /unknown field "unknownField"/);
    assert.deepEqual(await cluster.namesOf(FOOS), []);
  });

  it("refuses unknown metadata of a custom resource, and of an object inside it", async (t) => {
    const template = {
      type: "object",
      "x-kubernetes-embedded-resource": true,
      properties: { metadata: { type: "object", properties: { name: { type: "string" } } }, spec: { type: "object" } },
    };
    const cluster = await start(t, { ...open, properties: { ...fields, template } });
    const inside = (more: string): string =>
      `\n  template:\n    apiVersion: foo/v1\n    kind: Sub\n    metadata:${more}\n        name: subobject\n        namespace: ns`;
    const root = await refusal(apply(cluster, { metadata: "\n  unknownMeta: unknown", spec: inside("") }));
    assert.ok(root.includes(".metadata.unknownMeta: field not declared in schema"), root);
    const unknown = inside("\n        unknownSubMeta: unknown");
    const embedded = await refusal(apply(cluster, { spec: unknown }));
    assert.match(embedded, /\.?spec\.template\.metadata\.unknownSubMeta/);
    const made = await apply(cluster, { spec: inside("") });
    assert.equal(made["spec"].template.metadata.name, "subobject");
  });

  it("refuses duplicate fields of a custom resource that keeps unknown ones", async (t) => {
    const cluster = await start(t, { ...open, properties: fields });
    const spec = "\n  unknown: uk1\n  foo: foo1\n  foo: foo2";
    const message = await refusal(apply(cluster, { spec }));
    assert.ok(message.includes('line 11: key "foo" already set in map'), message);
  });
});
