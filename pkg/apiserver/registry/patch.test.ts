import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { requestInfoOf } from "../request-info.ts";
import { ADMIN, startTestServer, type TestServer } from "../testing.ts";
import type { RequestContext } from "../types.ts";
import { ApiError } from "#pkg/errors/index.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/d/deployments";
const MERGE = "application/merge-patch+json";
const STRATEGIC = "application/strategic-merge-patch+json";
const JSON_PATCH = "application/json-patch+json";
const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "a" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "a" } },
    template: { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
};

interface Sent {
  readonly object: any; // oxlint-disable-line no-explicit-any -- kinds differ
  readonly error: ApiError | undefined;
  readonly warnings: readonly string[];
}

describe("writes as they are sent", () => {
  let test: TestServer;
  before(async () => {
    test = await startTestServer();
    await test.transport.request({ method: "POST", path: DEPLOYMENTS, body: DEPLOYMENT });
  });
  after(() => test.close());

  /** The answer's object, or the failure, and the warnings. */
  const send = async (
    method: "POST" | "PUT" | "PATCH",
    path: string,
    contentType: string,
    text: string,
    query = "",
  ): Promise<Sent> => {
    const warnings: string[] = [];
    const parameters = new URLSearchParams(query);
    const context: RequestContext = {
      info: requestInfoOf(method, path, parameters),
      method,
      path,
      query: parameters,
      headers: { "content-type": contentType, "user-agent": "tester/v1 (linux)" },
      user: ADMIN,
      signal: new AbortController().signal,
      body: async () => Buffer.from(text),
      warn: (warning) => warnings.push(warning),
    };
    try {
      const reply = await test.server.pipeline.handle(context);
      return { object: reply.kind === "view" ? reply.view.object : undefined, error: undefined, warnings };
    } catch (err) {
      if (!(err instanceof ApiError)) throw err;
      return { object: undefined, error: err, warnings };
    }
  };
  const patch = (type: string, body: unknown, query = ""): ReturnType<typeof send> =>
    send("PATCH", `${DEPLOYMENTS}/a`, type, typeof body === "string" ? body : JSON.stringify(body), query);

  it("names the writer by its User-Agent", async () => {
    const { object } = await patch(MERGE, { metadata: { labels: { x: "y" } } });
    assert.ok(object.metadata.managedFields.some((each: { manager: string }) => each.manager === "tester"));
  });

  it("refuses managers that cannot be printed or are too long", async () => {
    const long = await patch(MERGE, {}, `fieldManager=${"x".repeat(129)}`);
    assert.equal(
      long.error?.message,
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Too long: may not be more than 128 bytes',
    );
    const odd = await patch(MERGE, {}, "fieldManager=a%07");
    assert.match(
      odd.error?.message ?? "",
      /fieldManager: Invalid value: ".*": invalid character U\+0007 \(at position 1\)/,
    );
    const forced = await patch(MERGE, {}, "force=true");
    assert.equal(
      forced.error?.message,
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
    );
  });

  it("answers 422 to patches whose result does not fit the kind", async () => {
    const wrong = await patch(STRATEGIC, { spec: { replicas: "x" } });
    assert.equal(wrong.error?.code, 422);
    assert.equal(
      wrong.error?.message,
      ' "" is invalid: patch: Invalid value: "map[spec:map[replicas:x]]": json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    );
    assert.equal((await patch(MERGE, { spec: { replicas: "x" } })).error?.code, 422);
    assert.equal((await patch(MERGE, "[]")).error?.code, 400);
    assert.equal((await patch(JSON_PATCH, "{")).error?.code, 400);
    assert.equal((await patch("text/plain", "{}")).error?.code, 415);
  });

  it("says what strict decoding finds in a patch and its result", async () => {
    const text = '{"spec":{"paused":true,"foo":1,"paused":true}}';
    const strict = await patch(MERGE, text, "fieldValidation=Strict");
    assert.equal(strict.error?.code, 422);
    assert.match(
      strict.error?.message ?? "",
      /strict decoding error: duplicate field "spec.paused", unknown field "spec.foo"$/,
    );
    const warned = await patch(MERGE, text);
    assert.deepEqual(warned.warnings, ['duplicate field "spec.paused"', 'unknown field "spec.foo"']);
    assert.deepEqual((await patch(MERGE, text, "fieldValidation=Ignore")).warnings, []);
  });

  it("names keys of YAML that are there twice", async () => {
    const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y}\ndata:\n  a: '1'\n  a: '2'\nfoo: 1\n";
    const path = "/api/v1/namespaces/d/configmaps";
    const strict = await send("POST", path, "application/yaml", yaml, "fieldValidation=Strict");
    assert.equal(
      strict.error?.message,
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: yaml: unmarshal errors:\n  line 6: key "a" already set in map, unknown field "foo"',
    );
  });

  it("binds a patch to the revision that it names", async () => {
    const { object } = await patch(MERGE, { metadata: { labels: { r: "1" } } });
    const { resourceVersion } = object.metadata;
    assert.equal((await patch(MERGE, { metadata: { resourceVersion, labels: { r: "2" } } })).error, undefined);
    const stale = await patch(MERGE, { metadata: { resourceVersion, labels: { r: "3" } } });
    assert.equal(stale.error?.reason, "Conflict");
    const races = await Promise.all(
      [1, 2, 3, 4].map((i) => patch(MERGE, { metadata: { labels: { [`n${i}`]: "x" } } })),
    );
    assert.deepEqual(
      races.map(({ error }) => error),
      [undefined, undefined, undefined, undefined],
    );
  });

  it("refuses what is nested too deeply", async () => {
    const deep = `{"metadata":${'{"a":'.repeat(100_000)}1${"}".repeat(100_001)}`;
    assert.equal((await patch(MERGE, deep)).error?.code, 400);
    const apply = await patch("application/apply-patch+yaml", deep, "fieldManager=x");
    assert.equal(apply.error?.code, 400);
    const nested = `{"apiVersion":"apps/v1","kind":"Deployment",${deep.slice(1)}`;
    assert.equal((await patch("application/apply-patch+yaml", nested, "fieldManager=x")).error?.code, 400);
  });
});
