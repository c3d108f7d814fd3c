import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiRequest, Transport } from "#pkg/client/types.ts";
import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { startTestServer, type TestServer } from "../testing.ts";

interface Answer {
  readonly kind: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly finalizers?: string[];
    readonly managedFields?: readonly ManagedFieldsEntry[];
  };
  readonly data?: Record<string, string>;
  readonly spec: any; // oxlint-disable-line no-explicit-any -- kinds differ
  readonly status: any; // oxlint-disable-line no-explicit-any -- kinds differ
}

const DEPLOYMENTS = "/apis/apps/v1/namespaces/d/deployments";
const CONFIG_MAPS = "/api/v1/namespaces/d/configmaps";
const TEMPLATE = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const deployment = (name: string, spec: object, more: object = {}): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, ...more },
  spec,
});
const FULL = { selector: { matchLabels: { app: "a" } }, template: TEMPLATE };

describe("apply", () => {
  let test: TestServer;
  let transport: Transport;
  before(async () => {
    test = await startTestServer(undefined, { now: () => Date.parse("2026-01-02T03:04:05Z") });
    transport = test.transport;
  });
  after(() => test.close());
  const send = async (
    method: ApiRequest["method"],
    path: string,
    body: object,
    query: ApiRequest["query"] = {},
    contentType?: NonNullable<ApiRequest["contentType"]>,
  ): Promise<Answer> =>
    (await transport.request({
      method,
      path,
      body,
      query,
      ...(contentType === undefined ? {} : { contentType }),
    })) as Answer;
  const apply = (path: string, body: object, manager: string, more: ApiRequest["query"] = {}): Promise<Answer> =>
    send("PATCH", path, body, { fieldManager: manager, ...more }, "application/apply-patch+yaml");
  const mergePatch = (path: string, body: object, manager: string): Promise<Answer> =>
    send("PATCH", path, body, { fieldManager: manager }, "application/merge-patch+json");
  const configMap = (name: string, data: object, more: object = {}): object => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, ...more },
    data,
  });
  const owners = (object: Answer): unknown[] =>
    (object.metadata.managedFields ?? []).map(({ manager, operation, fieldsV1, subresource }) => [
      manager,
      operation,
      ...(subresource === undefined ? [] : [subresource]),
      fieldsV1,
    ]);
  const failure = async (attempt: Promise<unknown>): Promise<ApiError> => {
    try {
      await attempt;
    } catch (err) {
      if (err instanceof ApiError) return err;
      throw err;
    }
    throw new Error("It was not refused");
  };

  it("creates what is not there and owns what it set alone", async () => {
    const made = await apply(`${DEPLOYMENTS}/made`, deployment("made", FULL), "one");
    assert.deepEqual(made.metadata.managedFields, [
      {
        manager: "one",
        operation: "Apply",
        apiVersion: "apps/v1",
        time: "2026-01-02T03:04:05Z",
        fieldsType: "FieldsV1",
        fieldsV1: {
          "f:spec": {
            "f:selector": {},
            "f:template": {
              "f:metadata": { "f:labels": { "f:app": {} } },
              "f:spec": { "f:containers": { 'k:{"name":"c"}': { ".": {}, "f:image": {}, "f:name": {} } } },
            },
          },
        },
      },
    ]);
    const again = await apply(`${DEPLOYMENTS}/made`, deployment("made", FULL), "one");
    assert.equal(again.metadata.resourceVersion, made.metadata.resourceVersion);
  });

  it("refuses to take a field of another manager, unless forced", async () => {
    await apply(`${DEPLOYMENTS}/c`, deployment("c", { ...FULL, replicas: 1 }), "one");
    const refused = await failure(apply(`${DEPLOYMENTS}/c`, deployment("c", { replicas: 2 }), "two"));
    assert.equal(refused.code, 409);
    assert.equal(refused.reason, "Conflict");
    assert.equal(refused.message, 'Apply failed with 1 conflict: conflict with "one": .spec.replicas');
    assert.deepEqual(refused.details?.causes, [
      { reason: "FieldManagerConflict", message: 'conflict with "one"', field: ".spec.replicas" },
    ]);
    const same = await apply(`${DEPLOYMENTS}/c`, deployment("c", { replicas: 1 }), "two");
    assert.equal(same.metadata.managedFields?.length, 2);
    const forced = await apply(`${DEPLOYMENTS}/c`, deployment("c", { replicas: 2 }), "two", { force: "true" });
    assert.equal(forced.spec.replicas, 2);
    assert.deepEqual(owners(forced)[1], ["two", "Apply", { "f:spec": { "f:replicas": {} } }]);
    const [first] = forced.metadata.managedFields ?? [];
    assert.equal(JSON.stringify(first?.fieldsV1).includes("replicas"), false);
  });

  it("names versions and subresources of updates in conflicts", async () => {
    await apply(`${DEPLOYMENTS}/v`, deployment("v", { ...FULL, replicas: 1 }), "one");
    await mergePatch(`${DEPLOYMENTS}/v/scale`, { spec: { replicas: 3 } }, "scaler");
    await mergePatch(`${DEPLOYMENTS}/v`, { spec: { paused: true } }, "patcher");
    const refused = await failure(apply(`${DEPLOYMENTS}/v`, deployment("v", { replicas: 1, paused: false }), "two"));
    assert.equal(
      refused.message,
      [
        'Apply failed with 2 conflicts: conflicts with "patcher" using apps/v1:',
        "- .spec.paused",
        'conflicts with "scaler" with subresource "scale" using apps/v1:',
        "- .spec.replicas",
      ].join("\n"),
    );
  });

  it("takes away what its applier applies no more, and nothing of others", async () => {
    await apply(`${CONFIG_MAPS}/u`, configMap("u", { a: "1", b: "2", shared: "x" }), "one");
    await apply(`${CONFIG_MAPS}/u`, configMap("u", { shared: "x" }), "two");
    await mergePatch(`${CONFIG_MAPS}/u`, { data: { c: "3" } }, "three");
    const after1 = await apply(`${CONFIG_MAPS}/u`, configMap("u", { a: "1" }), "one");
    assert.deepEqual(after1.data, { a: "1", shared: "x", c: "3" });
    const after2 = await apply(`${CONFIG_MAPS}/u`, { apiVersion: "v1", kind: "ConfigMap", metadata: {} }, "two");
    assert.deepEqual(after2.data, { a: "1", c: "3" });
    assert.deepEqual(owners(after2), [
      ["one", "Apply", { "f:data": { "f:a": {} } }],
      ["three", "Update", { "f:data": { "f:c": {} } }],
    ]);
  });

  it("leaves others what they have in a map that its applier still applies, if only empty", async () => {
    const path = `${CONFIG_MAPS}/emptied`;
    await apply(path, configMap("emptied", { a: "1" }), "one");
    await mergePatch(path, { data: { b: "2" } }, "two");
    const after = await apply(path, configMap("emptied", {}), "one");
    assert.deepEqual(after.data, { b: "2" });
  });

  it("merges lists by their keys and removes owned items", async () => {
    const containers = (list: object[]): object => ({
      ...FULL,
      template: { ...TEMPLATE, spec: { containers: list } },
    });
    const port = { containerPort: 80 };
    await apply(`${DEPLOYMENTS}/l`, deployment("l", containers([{ name: "a", image: "i", ports: [port] }])), "one");
    const two = await apply(
      `${DEPLOYMENTS}/l`,
      deployment("l", {
        template: { spec: { containers: [{ name: "a", image: "i", env: [{ name: "E", value: "1" }] }] } },
      }),
      "two",
    );
    assert.deepEqual(two.spec.template.spec.containers[0].ports, [{ containerPort: 80, protocol: "TCP" }]);
    assert.deepEqual(two.spec.template.spec.containers[0].env, [{ name: "E", value: "1" }]);
    const three = await apply(
      `${DEPLOYMENTS}/l`,
      deployment(
        "l",
        containers([
          { name: "b", image: "i" },
          { name: "a", image: "i" },
        ]),
      ),
      "one",
    );
    assert.deepEqual(
      three.spec.template.spec.containers.map(({ name, ports }: { name: string; ports?: object[] }) => [name, ports]),
      [
        ["b", undefined],
        ["a", undefined],
      ],
    );
    const gone = await apply(`${DEPLOYMENTS}/l`, deployment("l", containers([{ name: "b", image: "i" }])), "one");
    // The other manager still has an item of that name.
    assert.deepEqual(
      gone.spec.template.spec.containers.map(({ name }: { name: string }) => name),
      ["b", "a"],
    );
  });

  it("merges sets, and replaces atomic lists whole", async () => {
    await apply(`${CONFIG_MAPS}/s`, configMap("s", {}, { finalizers: ["x/a"] }), "one");
    const both = await apply(`${CONFIG_MAPS}/s`, configMap("s", {}, { finalizers: ["x/b"] }), "two");
    assert.deepEqual(both.metadata.finalizers, ["x/a", "x/b"]);
    const left = await apply(`${CONFIG_MAPS}/s`, configMap("s", {}), "one");
    assert.deepEqual(left.metadata.finalizers, ["x/b"]);
    const args = (list: string[]): object => ({
      ...FULL,
      template: { ...TEMPLATE, spec: { containers: [{ name: "c", image: "i", args: list }] } },
    });
    await apply(`${DEPLOYMENTS}/s`, deployment("s", args(["1", "2"])), "one");
    const replaced = await apply(`${DEPLOYMENTS}/s`, deployment("s", args(["3"])), "one");
    assert.deepEqual(replaced.spec.template.spec.containers[0].args, ["3"]);
  });

  it("owns status through /status alone", async () => {
    await apply(`${DEPLOYMENTS}/st`, deployment("st", FULL), "one");
    const applied = await apply(
      `${DEPLOYMENTS}/st/status`,
      { ...deployment("st", { replicas: 9 }), status: { replicas: 4 } },
      "controller",
    );
    assert.equal(applied.status.replicas, 4);
    assert.equal(applied.spec.replicas, 1);
    assert.deepEqual(owners(applied)[0], ["controller", "Apply", "status", { "f:status": { "f:replicas": {} } }]);
    const missing = await failure(apply(`${DEPLOYMENTS}/none/status`, deployment("none", {}), "x"));
    assert.equal(missing.code, 404);
  });

  it("moves replicas between the object and its scale", async () => {
    await apply(`${DEPLOYMENTS}/sc`, deployment("sc", { ...FULL, replicas: 1 }), "one");
    const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name: "sc" }, spec: { replicas: 5 } };
    const refused = await failure(apply(`${DEPLOYMENTS}/sc/scale`, scale, "scaler"));
    assert.equal(refused.message, 'Apply failed with 1 conflict: conflict with "one": .spec.replicas');
    const scaled = await apply(`${DEPLOYMENTS}/sc/scale`, scale, "scaler", { force: "true" });
    assert.equal(scaled.kind, "Scale");
    assert.equal(scaled.spec.replicas, 5);
    const now = await apply(`${DEPLOYMENTS}/sc`, deployment("sc", FULL), "one");
    assert.equal(now.spec.replicas, 5);
    assert.deepEqual(owners(now)[1], ["scaler", "Apply", "scale", { "f:spec": { "f:replicas": {} } }]);
  });

  it("takes over what kubectl applied on the client's side", async () => {
    const config = configMap("k", { a: "1" });
    const annotation = "kubectl.kubernetes.io/last-applied-configuration";
    await send(
      "POST",
      CONFIG_MAPS,
      configMap("k", { a: "1" }, { annotations: { [annotation]: JSON.stringify(config) } }),
      { fieldManager: "kubectl-client-side-apply" },
    );
    const refused = await failure(apply(`${CONFIG_MAPS}/k`, configMap("k", { a: "2" }), "other"));
    assert.equal(refused.code, 409);
    const taken = await apply(`${CONFIG_MAPS}/k`, configMap("k", { a: "2" }), "kubectl");
    assert.deepEqual(taken.data, { a: "2" });
    assert.equal(
      taken.metadata.annotations?.[annotation],
      `${JSON.stringify({
        apiVersion: "v1",
        data: { a: "2" },
        kind: "ConfigMap",
        metadata: { name: "k" },
      })}\n`,
    );
  });

  it("lets managedFields be rewritten by patch, and forgotten by an empty list", async () => {
    const made = await send("POST", CONFIG_MAPS, configMap("m", { a: "1" }), { fieldManager: "old" });
    const [entry] = made.metadata.managedFields ?? [];
    const moved = await send(
      "PATCH",
      `${CONFIG_MAPS}/m`,
      [
        { op: "replace", path: "/metadata/managedFields", value: [{ ...entry, manager: "new", operation: "Apply" }] },
        { op: "replace", path: "/metadata/resourceVersion", value: made.metadata.resourceVersion },
      ],
      {},
      "application/json-patch+json",
    );
    assert.deepEqual(owners(moved), [["new", "Apply", entry?.fieldsV1]]);
    const forgotten = await mergePatch(`${CONFIG_MAPS}/m`, { metadata: { managedFields: [] } }, "x");
    assert.equal(forgotten.metadata.managedFields, undefined);
    const untracked = await mergePatch(`${CONFIG_MAPS}/m`, { data: { b: "2" } }, "x");
    assert.equal(untracked.metadata.managedFields, undefined);
    const applied = await apply(`${CONFIG_MAPS}/m`, configMap("m", { a: "1" }), "one");
    assert.deepEqual(owners(applied), [
      ["one", "Apply", { "f:data": { "f:a": {} } }],
      ["before-first-apply", "Update", { "f:data": { ".": {}, "f:a": {}, "f:b": {} } }],
    ]);
  });

  it("keeps a resourceVersion it is given, and asks for a manager", async () => {
    const made = await apply(`${CONFIG_MAPS}/r`, configMap("r", { a: "1" }), "one");
    const stale = configMap("r", { a: "2" }, { resourceVersion: String(Number(made.metadata.resourceVersion) - 1) });
    assert.equal((await failure(apply(`${CONFIG_MAPS}/r`, stale, "one"))).reason, "Conflict");
    const nobody = await failure(apply(`${CONFIG_MAPS}/r`, configMap("r", {}), ""));
    assert.equal(
      nobody.message,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  });

  it("refuses configurations of another kind, with managers, or with fields that do not exist", async () => {
    const at = `${CONFIG_MAPS}/bad`;
    const messages = await Promise.all(
      [
        { apiVersion: "v1", kind: "Secret", metadata: { name: "bad" } },
        { ...configMap("bad", {}), apiVersion: "v2" },
        { ...configMap("bad", {}), kind: { toString: 1 } },
        configMap("bad", {}, { managedFields: [] }),
        configMap("other", {}),
        { ...configMap("bad", {}), foo: 1 },
        configMap("bad", {}, { labels: ["a"] }),
      ].map(async (body) => (await failure(apply(at, body, "one"))).message),
    );
    assert.deepEqual(messages, [
      "invalid object type: /v1, Kind=Secret",
      "invalid object type: /v2, Kind=ConfigMap",
      "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object into Go struct field .kind of type string",
      "metadata.managedFields must be nil",
      "the name of the object (other) does not match the name on the URL (bad)",
      "failed to create typed patch object (d/bad; /v1, Kind=ConfigMap): .foo: field not declared in schema",
      "failed to create typed patch object (d/bad; /v1, Kind=ConfigMap): .metadata.labels: expected map, got &{[]}",
    ]);
    const twice = deployment("bad", {
      ...FULL,
      template: {
        ...TEMPLATE,
        spec: {
          containers: [
            { name: "c", image: "i" },
            { name: "c", image: "j" },
          ],
        },
      },
    });
    assert.equal(
      (await failure(apply(`${DEPLOYMENTS}/bad`, twice, "one"))).message,
      'failed to create typed patch object (d/bad; apps/v1, Kind=Deployment): .spec.template.spec.containers: duplicate entries for key [name="c"]',
    );
  });

  it("reads YAML, and names keys that are there twice", async () => {
    const yaml = (text: string): Uint8Array => Buffer.from(text);
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  a: '1'\n  a: '2'\n";
    const strict = { fieldValidation: "Strict" };
    const refused = await failure(apply(`${CONFIG_MAPS}/y`, yaml(text), "one", strict));
    assert.equal(
      refused.message,
      'error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:\n  line 7: key "a" already set in map',
    );
    const made = await apply(`${CONFIG_MAPS}/y`, yaml(text.replace("  a: '2'\n", "")), "one", strict);
    assert.deepEqual(made.data, { a: "1" });
  });

  it("answers a dry run and writes nothing", async () => {
    const made = await apply(`${CONFIG_MAPS}/dry`, configMap("dry", { a: "1" }), "one", { dryRun: "All" });
    assert.deepEqual(made.data, { a: "1" });
    assert.equal("resourceVersion" in made.metadata, false);
    assert.equal((await failure(transport.request({ method: "GET", path: `${CONFIG_MAPS}/dry` }))).code, 404);
  });
});
