// Rules of the kinds that keep pods of one template, a line for each finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "../testing.ts";

type Loose = Record<string, unknown>;
const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const workload = (spec: Loose = {}, more: Loose = {}): Loose => ({
  spec: { selector: { matchLabels: { app: "a" } }, template, ...spec },
  ...more,
});

describe("workloads are refused for", () => {
  const cases: [string, Loose, string[]][] = [
    [
      "apps/deployments",
      workload({ strategy: { type: "x" } }),
      ['spec.strategy: Unsupported value: {"type":"x"}: supported values: "Recreate", "RollingUpdate"'],
    ],
    [
      "apps/deployments",
      workload({ minReadySeconds: 700 }),
      ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"],
    ],
    [
      "apps/statefulsets",
      workload({ podManagementPolicy: "x", updateStrategy: { type: "OnDelete", rollingUpdate: {} } }),
      [
        "spec.podManagementPolicy: Invalid value: \"x\": must be 'OrderedReady' or 'Parallel'",
        "spec.updateStrategy.rollingUpdate: Invalid value: {}: only allowed for updateStrategy 'RollingUpdate'",
      ],
    ],
    [
      "apps/statefulsets",
      workload({ updateStrategy: { type: "x" } }),
      [`spec.updateStrategy: Invalid value: {"type":"x"}: must be 'RollingUpdate' or 'OnDelete'`],
    ],
    [
      "apps/daemonsets",
      workload({ updateStrategy: { type: "x" } }),
      ['spec.updateStrategy: Unsupported value: {"type":"x"}: supported values: "RollingUpdate", "OnDelete"'],
    ],
  ];
  const wrongSelector = { matchExpressions: [{ key: "app", operator: "Gt", values: ["copies"] }] };
  const wrongOperator =
    'spec.selector.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator';
  const wrongTemplate = { metadata: { labels: { app: "99999999999999999999" } }, spec: { containers: [] } };
  const unlike =
    'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`';
  cases.push(
    // Nothing more is said of the template.
    [
      "apps/replicasets",
      workload({ selector: wrongSelector, template: wrongTemplate }),
      [wrongOperator, `spec.selector: Invalid value: ${JSON.stringify(wrongSelector)}: invalid label selector`],
    ],
    [
      "apps/statefulsets",
      workload({ selector: wrongSelector, template: wrongTemplate }),
      [wrongOperator, `spec.selector: Invalid value: ${JSON.stringify(wrongSelector)}`],
    ],
    ["apps/daemonsets", workload({ selector: wrongSelector }), [wrongOperator]],
    ["apps/deployments", workload({ selector: undefined }), ["spec.selector: Required value", unlike]],
    ["apps/daemonsets", workload({ selector: undefined }), ["spec.selector: Required value", unlike]],
  );
  for (const [key, object, expected] of cases)
    it(`${key} ${JSON.stringify(object).slice(0, 80)}`, () =>
      assert.deepEqual(new KindRules(key).creating(object), expected));
});

describe("statuses are refused for", () => {
  const cases: [string, Loose, string[]][] = [
    [
      "apps/deployments",
      { replicas: 3, readyReplicas: 1, availableReplicas: 2 },
      ["status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas"],
    ],
    [
      "apps/statefulsets",
      { replicas: 3, readyReplicas: 1, availableReplicas: 2 },
      ["status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas"],
    ],
    [
      "apps/replicasets",
      { replicas: 1, readyReplicas: 2 },
      ["status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"],
    ],
    [
      "apps/daemonsets",
      { currentNumberScheduled: -1 },
      ["status.currentNumberScheduled: Invalid value: -1: must be greater than or equal to 0"],
    ],
  ];
  for (const [key, status, expected] of cases)
    it(`${key} ${JSON.stringify(status)}`, () =>
      assert.deepEqual(new KindRules(key).updatingStatus(workload(), status), expected));
  it("collisions that were forgotten", () => {
    for (const key of ["apps/deployments", "apps/statefulsets", "apps/daemonsets"])
      assert.deepEqual(
        new KindRules(key).updatingStatus(workload({}, { status: { replicas: 0, collisionCount: 2 } }), {
          replicas: 0,
          collisionCount: 1,
        }),
        ["status.collisionCount: Invalid value: 1: cannot be decremented"],
      );
  });
});

it("a DaemonSet counts its templates", () => {
  const rules = new KindRules("apps/daemonsets");
  const generation = (object: { metadata: { annotations: Record<string, string> } }): string | undefined =>
    object.metadata.annotations["deprecated.daemonset.template.generation"];
  const first = rules.create(workload());
  assert.equal(generation(first), "1");
  const other = { ...template, spec: { containers: [{ name: "c", image: "j" }] } };
  assert.equal(generation(rules.update(workload({ template: other }), first)), "2");
  assert.equal(generation(rules.update(workload({ minReadySeconds: 1 }), first)), "1");
});
