import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { serviceaccounts } from "#pkg/api/types/core-v1.ts";
import { createClient } from "#pkg/client/index.ts";
import { startTestServer, type TestServer } from "../../testing.ts";

type Json = any; // oxlint-disable-line no-explicit-any -- whatever was answered

describe("access reviews", () => {
  let test: TestServer;
  before(async () => {
    const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const serviceAccounts = { ...keys, keyId: "k", issuer: "https://issuer", audiences: ["https://issuer"] };
    test = await startTestServer(undefined, { serviceAccounts });
  });
  after(() => test.close());

  const post = async (kind: string, spec: object, namespace = "", group = "authorization.k8s.io"): Promise<Json> => {
    const apiVersion = `${group}/v1`;
    const at = namespace === "" ? "" : `namespaces/${namespace}/`;
    return await test.transport.request({
      method: "POST",
      path: `/apis/${apiVersion}/${at}${kind.toLowerCase()}s`,
      body: { apiVersion, kind, ...(namespace === "" ? {} : { metadata: { namespace } }), spec },
    });
  };
  const refused = async (kind: string, spec: object, causes: string[], namespace = ""): Promise<void> => {
    await assert.rejects(post(kind, spec, namespace), (err: Json) => {
      assert.equal(err.code, 422);
      assert.deepEqual(
        err.details.causes.map((each: Json) => `${each.field}: ${each.message}`),
        causes,
      );
      return true;
    });
  };

  it("SubjectAccessReview names every field that is wrong", async () => {
    await refused("SubjectAccessReview", {}, [
      "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
      'spec.user: Invalid value: "": at least one of user or group must be specified',
    ]);
    const both = { user: "a", resourceAttributes: { verb: "get" }, nonResourceAttributes: { path: "/" } };
    await refused("SubjectAccessReview", both, [
      'spec.nonResourceAttributes: Invalid value: {"path":"/"}: cannot be specified in combination with resourceAttributes',
    ]);
    const at = "spec.resourceAttributes";
    const fieldSelector = { requirements: [{ key: "", operator: "In", values: [] }] };
    const labelSelector = { rawSelector: "a=b", requirements: [{ key: "a", operator: "x" }] };
    await refused("SelfSubjectAccessReview", { resourceAttributes: { fieldSelector, labelSelector } }, [
      `${at}.fieldSelector.requirements[0].values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
      `${at}.fieldSelector.requirements[0].key: Required value: must be specified`,
      `${at}.labelSelector.rawSelector: Invalid value: "a=b": may not specified at the same time as requirements`,
      `${at}.labelSelector.requirements[0].operator: Invalid value: "x": not a valid selector operator`,
    ]);
  });

  it("LocalSubjectAccessReview takes its namespace from the path", async () => {
    const resourceAttributes = { verb: "get", resource: "pods", namespace: "default" };
    const { metadata, status } = (await test.transport.request({
      method: "POST",
      path: "/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews",
      body: { spec: { user: "a", resourceAttributes } },
    })) as Json;
    assert.equal(metadata.namespace, "default");
    assert.equal(status.allowed, false);
  });

  it("LocalSubjectAccessReview is about its own namespace only", async () => {
    const spec = (namespace: string) => ({
      user: "a",
      resourceAttributes: { verb: "get", resource: "pods", namespace },
    });
    await refused(
      "LocalSubjectAccessReview",
      spec("other"),
      ['spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace'],
      "default",
    );
    await refused(
      "LocalSubjectAccessReview",
      { user: "a", nonResourceAttributes: { path: "/" } },
      ['spec.nonResourceAttributes: Invalid value: {"path":"/"}: disallowed on this kind of request'],
      "default",
    );
    assert.deepEqual((await post("LocalSubjectAccessReview", spec("default"), "default")).status, { allowed: false });
  });

  it("TokenReview knows tokens of service accounts, and says why it does not know others", async () => {
    const client = createClient(test.transport);
    await client.create(serviceaccounts, { metadata: { name: "sa", namespace: "default" } });
    const made: Json = await client.createSub(serviceaccounts, { namespace: "default", name: "sa" }, "token", {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {},
    });
    const { status } = await post("TokenReview", { token: made.status.token }, "", "authentication.k8s.io");
    assert.equal(status.authenticated, true);
    assert.equal(status.user.username, "system:serviceaccount:default:sa");
    assert.deepEqual(status.audiences, ["https://issuer"]);
    const other = await post("TokenReview", { token: "nonsense" }, "", "authentication.k8s.io");
    assert.equal(other.status.authenticated, undefined);
    assert.match(other.status.error, /invalid bearer token/);
  });

  it("SelfSubjectRulesReview needs a namespace", async () => {
    await assert.rejects(post("SelfSubjectRulesReview", {}), { code: 400, message: "no namespace on request" });
    const { status } = await post("SelfSubjectRulesReview", { namespace: "default" });
    assert.equal(status.incomplete, false);
  });
});
