import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { ApiRequest, PatchType } from "#pkg/client/types.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { crdOf, establish } from "../customresources/testing.ts";
import { startTestServer, type TestServer } from "../testing.ts";

const FOOS = "/apis/stable.example.com/v1/namespaces/default/foos";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

describe("a body of another type than its path", () => {
  let test: TestServer;
  before(async () => {
    test = await startTestServer();
    await establish(test.transport, crdOf("foos", "Foo"));
    await test.transport.request({ method: "POST", path: FOOS, body: bytes(foo()) });
    await test.transport.request({ method: "POST", path: CONFIG_MAPS, body: { metadata: { name: "x" } } });
  });
  after(() => test.close());

  const bytes = (value: object): Uint8Array => Buffer.from(JSON.stringify(value));
  const foo = (changes: object = {}): object => ({
    apiVersion: "stable.example.com/v1",
    kind: "Foo",
    metadata: { name: "x" },
    ...changes,
  });
  async function refusal(
    method: ApiRequest["method"],
    path: string,
    body: object,
    contentType?: string,
  ): Promise<unknown[]> {
    const query = contentType?.includes("apply") === true ? { fieldManager: "m" } : {};
    const type = contentType === undefined ? {} : { contentType: contentType as PatchType };
    const err = await test.transport.request({ method, path, query, body: bytes(body), ...type }).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(err instanceof ApiError, "was not refused");
    return [err.code, err.message];
  }

  it("is refused as a custom resource when it is made or replaced", async () => {
    const wrongKind = 'Bar.stable.example.com "x" is invalid: kind: Invalid value: "Bar": must be Foo';
    const expected = "does not match the expected API version (stable.example.com/v1)";
    const untyped = '{"metadata":{"name":"x"}}';
    for (const [method, path] of [
      ["POST", FOOS],
      ["PUT", `${FOOS}/x`],
    ] as const) {
      assert.deepEqual(await refusal(method, path, foo({ kind: "Bar" })), [422, wrongKind]);
      assert.deepEqual(await refusal(method, path, foo({ apiVersion: "other/v1", kind: "Bar" })), [
        400,
        `the API version in the data (other/v1) ${expected}`,
      ]);
      assert.deepEqual(await refusal(method, path, foo({ apiVersion: undefined })), [
        400,
        `the API version in the data () ${expected}`,
      ]);
      assert.deepEqual(await refusal(method, path, JSON.parse(untyped)), [
        400,
        `the object provided is unrecognized (must be of type Foo): Object 'Kind' is missing in '${untyped}' (${untyped})`,
      ]);
    }
  });

  it("is not found where there is no custom resource to be replaced", async () => {
    const other = foo({ kind: "Bar", metadata: { name: "none" } });
    assert.deepEqual(await refusal("PUT", `${FOOS}/none`, other), [404, 'foos.stable.example.com "none" not found']);
  });

  it("is refused as what a patch makes of a custom resource", async () => {
    const merge = "application/merge-patch+json";
    assert.deepEqual(await refusal("PATCH", `${FOOS}/x`, { kind: "Bar", apiVersion: "other/v2" }, merge), [
      422,
      'Bar.other "x" is invalid: [kind: Invalid value: "Bar": must be Foo, apiVersion: Invalid value: "other/v2": must be stable.example.com/v1]',
    ]);
    const [code, message] = await refusal("PATCH", `${FOOS}/x`, { kind: null }, merge);
    assert.equal(code, 422);
    assert.match(String(message), /^ "" is invalid: patch: Invalid value: .*: Object 'Kind' is missing in '\{/);
    const apply = "application/apply-patch+yaml";
    assert.deepEqual(await refusal("PATCH", `${FOOS}/x`, foo({ kind: "Bar" }), apply), [
      400,
      "invalid object type: stable.example.com/v1, Kind=Bar",
    ]);
  });

  it("is refused however deep it is nested", async () => {
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const patch = Buffer.from(`{"kind":null,"spec":{"x":${deep}}}`);
    for (const contentType of ["application/merge-patch+json", "application/apply-patch+yaml"] as const) {
      const query = { fieldManager: "m" };
      const request = { method: "PATCH", path: `${FOOS}/x`, query, body: patch, contentType } as const;
      await assert.rejects(test.transport.request(request), (err: ApiError) => [400, 422].includes(err.code));
    }
    const created = Buffer.from(`{"spec":${deep}}`);
    await assert.rejects(
      test.transport.request({ method: "POST", path: FOOS, body: created }),
      (err: ApiError) => err.code === 400,
    );
  });

  it("is refused as a built-in kind, which may leave its type out", async () => {
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "x" } };
    const converting = "converting (v1.Pod) to (core.ConfigMap): unknown conversion";
    const made = { apiVersion: "apps/v1", kind: "ConfigMap", metadata: { name: "x" } };
    const unknown =
      'no kind "ConfigMap" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"';
    for (const [method, path] of [
      ["POST", CONFIG_MAPS],
      ["PUT", `${CONFIG_MAPS}/x`],
    ] as const) {
      assert.deepEqual(await refusal(method, path, pod), [
        400,
        `Pod in version "v1" cannot be handled as a ConfigMap: ${converting}`,
      ]);
      assert.deepEqual(await refusal(method, path, made), [
        400,
        `ConfigMap in version "v1" cannot be handled as a ConfigMap: ${unknown}`,
      ]);
      const odd = { ...made, apiVersion: "a/b/c" };
      const [code, message] = await refusal(method, path, odd);
      assert.equal(code, 400);
      assert.match(
        String(message),
        /^the object provided is unrecognized \(must be of type ConfigMap\): unexpected GroupV/,
      );
    }
    const scalers = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    assert.deepEqual(
      await refusal("POST", scalers, { apiVersion: "autoscaling/v1", kind: "HorizontalPodAutoscaler" }),
      [400, "the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)"],
    );
    const merge = "application/merge-patch+json";
    const [code, message] = await refusal("PATCH", `${CONFIG_MAPS}/x`, { kind: "Pod" }, merge);
    assert.equal(code, 422);
    assert.ok(String(message).endsWith(`: ${converting}`), String(message));
  });

  it("has no say in a strategic merge patch, which is made of the object's own type", async () => {
    const patched = (await test.transport.request({
      method: "PATCH",
      path: `${CONFIG_MAPS}/x`,
      body: bytes({ apiVersion: "v2", kind: "Pod", data: { a: "b" } }),
      contentType: "application/strategic-merge-patch+json",
    })) as { readonly kind: string; readonly data: object };
    assert.deepEqual([patched.kind, patched.data], ["ConfigMap", { a: "b" }]);
  });
});
