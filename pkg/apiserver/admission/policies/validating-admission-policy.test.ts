import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { validatingadmissionpolicies } from "#pkg/api/types/admissionregistration-v1.ts";
import { configmaps } from "#pkg/api/types/core-v1.ts";
import { ApiError } from "#pkg/errors/index.ts";
import { requestInfoOf } from "../../request-info.ts";
import { matching, startPolicyCluster } from "./testing.ts";

async function refused(work: Promise<unknown>): Promise<ApiError> {
  const result = await work.then(
    () => undefined,
    (err: unknown) => err,
  );
  assert.ok(result instanceof ApiError, "was not refused");
  return result;
}

describe("ValidatingAdmissionPolicy", () => {
  // conformance: ValidatingAdmissionPolicy should validate against a Deployment
  it("validate denies a deployment when its expression is false", async (t) => {
    const { deployment, validate } = await startPolicyCluster(t);
    await validate("replicas", {
      matchConstraints: matching("deployments", "apps"),
      validations: [
        {
          expression: "object.spec.replicas > 1",
          messageExpression: "'wants replicas > 1, got ' + string(object.spec.replicas)",
        },
        {
          expression: "namespaceObject.metadata.name == 'd'",
          message: "Internal error! Other namespace should not be allowed.",
        },
      ],
    });
    const error = await refused(deployment("one", 1));
    assert.equal(error.code, 422);
    assert.equal(error.reason, "Invalid");
    const denied =
      "ValidatingAdmissionPolicy 'replicas' with binding 'replicas-binding' denied request: wants replicas > 1, got 1";
    assert.equal(error.message, `deployments.apps "one" is forbidden: ${denied}`);
    assert.deepEqual(error.details, { name: "one", group: "apps", kind: "deployments", causes: [{ message: denied }] });
    assert.equal((await deployment("two", 2)).metadata.name, "two");
  });

  // conformance: ValidatingAdmissionPolicy should allow expressions to refer variables
  it("validate lets expressions refer to variables when they are declared", async (t) => {
    const { deployment, validate } = await startPolicyCluster(t);
    await validate("variables", {
      matchConstraints: matching("deployments", "apps"),
      variables: [
        { name: "replicas", expression: "object.spec.replicas" },
        { name: "oddReplicas", expression: "variables.replicas % 2 == 1" },
        { name: "broken", expression: "object.nothing.there" },
      ],
      validations: [
        { expression: "variables.replicas > 1" },
        { expression: "variables.oddReplicas", reason: "Forbidden" },
        { expression: "variables.oddReplicas || variables.broken" },
      ],
    });
    assert.match((await refused(deployment("one", 1))).message, /failed expression: variables\.replicas > 1$/);
    const even = await refused(deployment("two", 2));
    assert.equal(even.code, 403);
    assert.equal(even.reason, "Forbidden");
    await deployment("three", 3);
  });

  it("validate obeys failurePolicy when an expression cannot be evaluated", async (t) => {
    const { configMap, validate } = await startPolicyCluster(t);
    await validate("closed", { validations: [{ expression: "object.data.x == '1'" }] });
    assert.equal(
      (await refused(configMap("a"))).message,
      `configmaps "a" is forbidden: ValidatingAdmissionPolicy 'closed' with binding 'closed-binding' denied request: expression 'object.data.x == '1'' resulted in error: no such key: data`,
    );
    await configMap("b", { x: "1" });
    await validate("open", { failurePolicy: "Ignore", validations: [{ expression: "object.data.y == '1'" }] });
    await configMap("c", { x: "1" });
  });

  it("validate warns when the binding says so", async (t) => {
    const { test, validate } = await startPolicyCluster(t);
    await validate("warns", { validations: [{ expression: "false", message: "no" }] }, { validationActions: ["Warn"] });
    const warnings: string[] = [];
    const path = "/api/v1/namespaces/d/configmaps";
    const query = new URLSearchParams();
    await test.server.pipeline.handle({
      info: requestInfoOf("POST", path, query),
      method: "POST",
      path,
      query,
      headers: {},
      user: { name: "admin", groups: ["system:masters"] },
      signal: new AbortController().signal,
      body: async () => ({ metadata: { name: "a" } }),
      warn: (text) => warnings.push(text),
    });
    assert.deepEqual(warnings, [
      "Validation failed for ValidatingAdmissionPolicy 'warns' with binding 'warns-binding': no",
    ]);
  });

  it("validate narrows to what rules, names, selectors and conditions say when they are given", async (t) => {
    const { configMap, validate, client } = await startPolicyCluster(t);
    const no = [{ expression: "false", message: "no" }];
    await validate("names", {
      matchConstraints: matching("configmaps", "", { resourceNames: ["named"] }),
      validations: no,
    });
    await validate("labels", {
      matchConstraints: { ...matching("configmaps"), objectSelector: { matchLabels: { l: "1" } } },
      validations: no,
    });
    await validate("excluded", {
      matchConstraints: {
        ...matching("configmaps", "", { operations: ["DELETE"] }),
        excludeResourceRules: matching("configmaps", "", { operations: ["DELETE"], resourceNames: ["spared"] })[
          "resourceRules"
        ],
      },
      validations: no,
    });
    await validate("conditions", {
      matchConditions: [{ name: "c", expression: "request.name == 'conditional'" }],
      validations: no,
    });
    await validate(
      "elsewhere",
      { validations: no },
      { matchResources: { namespaceSelector: { matchLabels: { team: "b" } } } },
    );
    await configMap("plain");
    for (const [name, metadata] of [["named"], ["x", { labels: { l: "1" } }], ["conditional"]] as const)
      assert.match((await refused(configMap(name, {}, metadata))).message, /denied request: no$/);
    await configMap("spared");
    await client.delete(configmaps, { namespace: "d", name: "spared" });
    assert.match((await refused(client.delete(configmaps, { namespace: "d", name: "plain" }))).message, /'excluded'/);
  });

  it("validate evaluates with each parameter when the policy has parameters", async (t) => {
    const { configMap, validate, client } = await startPolicyCluster(t);
    const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
    await configMap("limit", { max: "3" });
    const matchConditions = [{ name: "c", expression: "request.name.startsWith('c')" }];
    const validations = [
      { expression: "object.data.n.size() <= int(params.data.max)", messageExpression: "'over ' + params.data.max" },
    ];
    await validate(
      "byname",
      { paramKind, matchConditions, validations },
      { paramRef: { name: "limit", parameterNotFoundAction: "Deny" } },
    );
    await configMap("c1", { n: "123" });
    assert.match((await refused(configMap("c2", { n: "1234" }))).message, /denied request: over 3$/);
    await validate(
      "missing",
      { paramKind, matchConditions, validations },
      { paramRef: { name: "nope", parameterNotFoundAction: "Deny" } },
    );
    assert.match(
      (await refused(configMap("c3", { n: "1" }))).message,
      /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
    );
    await validate(
      "unknown",
      { paramKind: { apiVersion: "x/v1", kind: "Nope" }, matchConditions, validations },
      { paramRef: { name: "n", parameterNotFoundAction: "Allow" } },
    );
    await client.delete(validatingadmissionpolicies, { name: "missing" });
    assert.match(
      (await refused(configMap("other"))).message,
      /ValidatingAdmissionPolicy 'unknown' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'x\/v1, Kind=Nope'$/,
    );
  });

  it("validate asks the authorizer when an expression checks it", async (t) => {
    const { configMap, validate } = await startPolicyCluster(t);
    await validate("authorized", {
      validations: [
        {
          expression: "authorizer.group('').resource('configmaps').namespace('d').check('create').allowed()",
          message: "user may not",
        },
        { expression: "!authorizer.serviceAccount('d', 'default').requestResource.check('create').allowed()" },
      ].slice(0, 1),
    });
    await configMap("a");
    await validate("account", {
      validations: [
        {
          expression:
            "authorizer.serviceAccount('d', 'default').group('').resource('configmaps').check('create').allowed() || authorizer.requestResource.check('nope').reason() == 'x'",
          message: "account may not",
        },
      ],
    });
    assert.match((await refused(configMap("b"))).message, /account may not$/);
  });

  it("validate stops when expressions cost too much", async (t) => {
    const { configMap, validate } = await startPolicyCluster(t);
    await validate("dear", {
      variables: [{ name: "l", expression: "object.data.l.split('')" }],
      validations: [{ expression: "variables.l.all(a, variables.l.all(b, variables.l.all(c, a + b + c != '')))" }],
    });
    const error = await refused(configMap("a", { l: "x".repeat(1000) }));
    assert.match(error.message, /resulted in error: operation cancelled: actual cost limit exceeded$/);
  });

  // conformance: ValidatingAdmissionPolicy should support ValidatingAdmissionPolicy API operations
  it("validate does not apply when a policy is written", async (t) => {
    const { validate, client } = await startPolicyCluster(t);
    await validate("all", {
      matchConstraints: {
        resourceRules: [{ apiGroups: ["*"], apiVersions: ["*"], operations: ["*"], resources: ["*"] }],
      },
      validations: [{ expression: "false" }],
    });
    await client.delete(validatingadmissionpolicies, { name: "all" });
  });
});
