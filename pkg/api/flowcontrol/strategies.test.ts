import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Strategy } from "../definition.ts";
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS, SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from "./default-objects.ts";
import { flowSchemaStrategy, priorityLevelConfigurationStrategy } from "./strategies.ts";

function findings(strategy: Strategy, name: string, spec: object): string[] {
  const object = structuredClone({ metadata: { name }, spec }) as object as Parameters<
    NonNullable<Strategy["defaults"]>
  >[0];
  strategy.defaults?.(object);
  return (strategy.validate?.(object) ?? []).map((e) => `${e.field}: ${e.message}`);
}
const schema = (spec: object, name = "x"): string[] =>
  findings(flowSchemaStrategy, name, { priorityLevelConfiguration: { name: "l" }, ...spec });
const level = (spec: object, name = "x"): string[] => findings(priorityLevelConfigurationStrategy, name, spec);
const rule = (over: object): object => ({
  rules: [
    {
      subjects: [{ kind: "User", user: { name: "u" } }],
      resourceRules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["a"] }],
      ...over,
    },
  ],
});

describe("flowSchemaStrategy", () => {
  it("accepts its own default objects and finds what is wrong with others", () => {
    for (const [name, spec] of Object.entries({ ...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS }))
      assert.deepEqual(schema(spec, name), [], name);
    const cases: [object, string[]][] = [
      [rule({}), []],
      [
        { matchingPrecedence: 1 },
        ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
      ],
      [{ matchingPrecedence: -1 }, ["spec.matchingPrecedence: Invalid value: -1: must be a positive value"]],
      [
        { matchingPrecedence: 10_001 },
        ["spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000"],
      ],
      [
        { priorityLevelConfiguration: {} },
        ["spec.priorityLevelConfiguration.name: Required value: must reference a priority level"],
      ],
      [rule({ subjects: [] }), ["spec.rules[0].subjects: Required value: subjects must contain at least one value"]],
      [
        rule({ subjects: [{ kind: "Robot" }] }),
        [
          'spec.rules[0].subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
        ],
      ],
      [
        rule({ subjects: [{ kind: "User", group: { name: "g" } }] }),
        [
          "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
          "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
        ],
      ],
      [
        rule({ subjects: [{ kind: "ServiceAccount", serviceAccount: { name: "*" } }] }),
        [
          "spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account",
        ],
      ],
      [
        rule({ resourceRules: [{ verbs: ["*", "get"], apiGroups: [], resources: ["a"] }] }),
        [
          `spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
          "spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group",
          "spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace",
        ],
      ],
      [
        rule({ nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/a*", "b", "/c/*"] }] }),
        [
          'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*": wildcard can only do suffix matching',
          'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "b": must start with slash',
        ],
      ],
    ];
    for (const [spec, expected] of cases) assert.deepEqual(schema(spec), expected);
    const [changed = ""] = schema({ ...MANDATORY_SCHEMAS["catch-all"], matchingPrecedence: 5 }, "catch-all");
    assert.match(changed, /^spec: Invalid value: .*: spec of 'catch-all' must equal the fixed value$/);
  });
});

describe("priorityLevelConfigurationStrategy", () => {
  it("accepts its own default objects and finds what is wrong with others", () => {
    for (const [name, spec] of Object.entries({ ...MANDATORY_LEVELS, ...SUGGESTED_LEVELS }))
      assert.deepEqual(level(spec, name), [], name);
    const queued = (queuing: object, over: object = {}): object => ({
      type: "Limited",
      limited: { limitResponse: { type: "Queue", queuing }, ...over },
    });
    const at = "spec.limited.limitResponse";
    const cases: [object, string[]][] = [
      [queued({}), []],
      [{ type: "Limited" }, ["spec.limited: Required value: must not be empty when type is Limited"]],
      [
        { type: "Exempt" },
        [`spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`],
      ],
      [{ type: "Bogus" }, ['spec.type: Unsupported value: "Bogus": supported values: "Exempt", "Limited"']],
      [queued({ handSize: 65 }), [`${at}.queuing.handSize: Invalid value: 65: should not be greater than queues (64)`]],
      [
        queued({ handSize: 11 }),
        [
          `${at}.queuing.handSize: Invalid value: 11: required entropy bits of deckSize 64 and handSize 11 should not be greater than 60`,
        ],
      ],
      [
        queued({}, { lendablePercent: 101, borrowingLimitPercent: -1, nominalConcurrencyShares: -1 }),
        [
          "spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer",
          "spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive",
          "spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer",
        ],
      ],
      [
        { type: "Limited", limited: { limitResponse: { type: "Reject", queuing: {} } } },
        [`${at}.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited`],
      ],
      [{ type: "Limited", limited: {} }, [`${at}.type: Unsupported value: "": supported values: "Queue", "Reject"`]],
    ];
    for (const [spec, expected] of cases) assert.deepEqual(level(spec), expected);
    assert.deepEqual(level({ type: "Exempt", exempt: { nominalConcurrencyShares: 7 } }, "exempt"), []);
  });
});
