import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { validatingadmissionpolicies } from "#pkg/api/types/admissionregistration-v1.ts";
import { startControllers } from "../testing.ts";

describe("ValidatingAdmissionPolicyStatusController", () => {
  // conformance: ValidatingAdmissionPolicy should type check validation expressions
  it("says what types an expression gets wrong when rules name the resource", async (t) => {
    const { client, eventually } = await startControllers(t, ["validatingadmissionpolicy-status-controller"]);
    const rule = { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] };
    const make = async (name: string, expressions: readonly string[]) => {
      await client.create(validatingadmissionpolicies, {
        metadata: { name },
        spec: {
          matchConstraints: { resourceRules: [rule] },
          variables: [{ name: "replicas", expression: "object.spec.replicas" }],
          validations: expressions.map((expression) => ({ expression })),
        },
      });
      return await eventually("the check", async () => {
        const { status } = await client.get(validatingadmissionpolicies, { name });
        return status?.observedGeneration === 1 ? status : undefined;
      });
    };
    const good = await make("good", [
      "variables.replicas > 1 && object.metadata.labels['a'] == 'b'",
      "object.spec.template.spec.containers.all(c, c.image != '' && c.resources.limits['cpu'] == '1')",
    ]);
    assert.deepEqual(good.typeChecking, {});
    const bad = await make("bad", ["object.spec.replicas > '1'", "true", "object.spec.foo == 1"]);
    assert.deepEqual(bad.typeChecking?.expressionWarnings, [
      {
        fieldRef: "spec.validations[0].expression",
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'\n | object.spec.replicas > '1'\n | .....................^\n",
      },
      {
        fieldRef: "spec.validations[2].expression",
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'foo'\n | object.spec.foo == 1\n | ...........^\n",
      },
    ]);
  });
});
