import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { builtinStrategies } from "../builtin.ts";
import type { Strategy } from "../definition.ts";

type Loose = Record<string, unknown>;
const strategyOf = (plural: string): Strategy =>
  builtinStrategies[`admissionregistration.k8s.io/${plural}`] as Strategy;

function errorsOf(plural: string, body: Loose, old?: Loose): string[] {
  const strategy = strategyOf(plural);
  const made = (given: Loose): Parameters<NonNullable<Strategy["validate"]>>[0] => {
    const object = structuredClone({ metadata: { name: "p" }, ...given }) as never;
    strategy.defaults?.(object);
    return object;
  };
  const found = old === undefined ? strategy.validate?.(made(body)) : strategy.validateUpdate?.(made(body), made(old));
  return (found ?? []).map((e) => `${e.field}: ${e.message}`);
}

const rule = { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] };
const matchConstraints = { resourceRules: [rule] };
const hook = (more: Loose = {}): Loose => ({
  webhooks: [
    {
      name: "a.b.c",
      clientConfig: { url: "https://x" },
      rules: [rule],
      sideEffects: "None",
      admissionReviewVersions: ["v1"],
      ...more,
    },
  ],
});
const policy = (more: Loose = {}): Loose => ({
  spec: { matchConstraints, validations: [{ expression: "object.a > 1" }], ...more },
});
const mutating = (mutation: Loose, more: Loose = {}): Loose => ({
  spec: { matchConstraints, mutations: [mutation], reinvocationPolicy: "Never", ...more },
});

describe("admissionregistration strategies", () => {
  before(async () => {
    await strategyOf("validatingadmissionpolicies").ready?.();
    await strategyOf("mutatingadmissionpolicies").ready?.();
    await strategyOf("validatingwebhookconfigurations").ready?.();
    await strategyOf("mutatingwebhookconfigurations").ready?.();
  });

  it("validate refuses match conditions of webhooks when they do not compile", () => {
    const at = "webhooks[0].matchConditions[0]";
    const one = (expression: string, name = "n"): Loose => hook({ matchConditions: [{ name, expression }] });
    const plural = "validatingwebhookconfigurations";
    assert.deepEqual(errorsOf(plural, one("request.name == 'x' && object.a == 1")), []);
    assert.deepEqual(errorsOf(plural, one("... [] bad expression")), [
      `${at}.expression: Invalid value: "... [] bad expression": compilation failed: ERROR: <input>:1:2: Syntax error: mismatched input '.' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n | ... [] bad expression\n | .^`,
    ]);
    assert.deepEqual(errorsOf(plural, one("1")), [
      `${at}.expression: Invalid value: "1": must evaluate to bool but got int`,
    ]);
    assert.deepEqual(errorsOf(plural, one("")), [`${at}.expression: Required value`]);
    assert.match(errorsOf(plural, one("params.a == 1"))[0] ?? "", /undeclared reference to 'params'/);
    assert.deepEqual(
      errorsOf(plural, hook({ matchConditions: ["true", "true"].map((expression) => ({ name: "n", expression })) })),
      ['webhooks[0].matchConditions[1].name: Duplicate value: "n"'],
    );
    assert.deepEqual(errorsOf(plural, one("1"), one("1")), [], "what stays is not looked at again");
  });

  it("validate refuses fields of webhooks when they are no configuration", () => {
    const errors = (more: Loose): string[] => errorsOf("mutatingwebhookconfigurations", hook(more));
    assert.deepEqual(errors({ clientConfig: { url: "http://x?a=b" } }), [
      `webhooks[0].clientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme; desired format: https://host[/path]`,
      `webhooks[0].clientConfig.url: Invalid value: "a=b": query parameters are not permitted in the URL; desired format: https://host[/path]`,
    ]);
    assert.deepEqual(errors({ admissionReviewVersions: ["v1", "v1"] }), [
      'webhooks[0].admissionReviewVersions[1]: Invalid value: "v1": duplicate version',
    ]);
    assert.deepEqual(errors({ reinvocationPolicy: "Often" }), [
      'webhooks[0].reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
    ]);
    assert.deepEqual(errors({ rules: [{ ...rule, operations: ["*", "CREATE"], resources: ["pods/*", "pods/log"] }] }), [
      `webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if '*' is present, must not specify other operations`,
      `webhooks[0].rules[0].resources[1]: Invalid value: "pods/log": if 'pods/*' is present, must not specify pods/log`,
    ]);
  });

  it("validate refuses validating policies when their expressions are wrong", () => {
    const errors = (more: Loose): string[] => errorsOf("validatingadmissionpolicies", policy(more));
    assert.deepEqual(errors({}), []);
    assert.deepEqual(
      errors({ variables: [{ name: "v", expression: "object.a" }], validations: [{ expression: "variables.v > 1" }] }),
      [],
    );
    assert.match(
      errors({ validations: [{ expression: "foo.a > 1" }] })[0] ?? "",
      /^spec\.validations\[0\]\.expression: Invalid value: "foo\.a > 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'foo' \(in container ''\)/,
    );
    assert.match(
      errors({ validations: [{ expression: "variables.x > 1" }] })[0] ?? "",
      /undeclared reference to 'variables'/,
    );
    assert.deepEqual(
      errors({ validations: [{ expression: "true", messageExpression: "1", message: "a\nb", reason: "No" }] }),
      [
        'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
        'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
        'spec.validations[0].reason: Unsupported value: "No": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
      ],
    );
    assert.deepEqual(errors({ variables: [{ name: "for", expression: "1" }] }), [
      'spec.variables[0].name: Invalid value: "for": name is not a valid CEL identifier',
    ]);
    assert.deepEqual(errors({ paramKind: { apiVersion: "a/b/c", kind: "K" } }), [
      'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    ]);
    assert.deepEqual(
      errors({ auditAnnotations: [{ key: "k", valueExpression: "object.x == 1 ? 'a' : null" }] }).length,
      1,
    );
    assert.deepEqual(errors({ auditAnnotations: [{ key: "k", valueExpression: "'a'" }], validations: [] }), []);
  });

  it("validate refuses mutating policies when a mutation has another type", () => {
    const errors = (mutation: Loose): string[] => errorsOf("mutatingadmissionpolicies", mutating(mutation));
    const apply = (expression: string): Loose => ({
      patchType: "ApplyConfiguration",
      applyConfiguration: { expression },
    });
    assert.deepEqual(errors(apply("Object{spec: Object.spec{replicas: 1}}")), []);
    assert.deepEqual(errors(apply("{'a': 1}")), [
      `spec.mutations[0].applyConfiguration.expression: Invalid value: "{'a': 1}": must evaluate to Object but got map(string, int)`,
    ]);
    const patch = (expression: string): Loose => ({ patchType: "JSONPatch", jsonPatch: { expression } });
    assert.deepEqual(errors(patch("object.a == 1 ? [JSONPatch{op: 'add', path: '/a', value: 1}] : []")), []);
    assert.match(
      errors(patch("[JSONPatch{op: 1}]"))[0] ?? "",
      /expected type of field 'op' is 'string' but provided type is 'int'/,
    );
    assert.match(errors({ patchType: "JSONPatch" })[0] ?? "", /^spec\.mutations\[0\]\.jsonPatch: Required value/);
  });

  it("validate refuses bindings when parameters or actions do not fit together", () => {
    const spec = {
      policyName: "p",
      validationActions: ["Deny", "Warn", "Deny"],
      paramRef: { name: "n", selector: {} },
    };
    assert.deepEqual(errorsOf("validatingadmissionpolicybindings", { spec }), [
      "spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
      "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
      "spec.paramRef.parameterNotFoundAction: Required value",
      'spec.validationActions[2]: Duplicate value: "Deny"',
      'spec.validationActions: Invalid value: ["Deny","Warn","Deny"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ]);
    assert.deepEqual(errorsOf("mutatingadmissionpolicybindings", { spec: {} }), ["spec.policyName: Required value"]);
  });
});
