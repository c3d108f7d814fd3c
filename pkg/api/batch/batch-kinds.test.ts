// Rules of Jobs and CronJobs, a line for each finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "../testing.ts";

type Loose = Record<string, unknown>;
const pod = { containers: [{ name: "c", image: "i" }], restartPolicy: "Never" };
const job = (spec: Loose = {}, more: Loose = {}): Loose => ({ spec: { template: { spec: pod }, ...spec }, ...more });
const rule = (more: Loose): Loose => job({ podFailurePolicy: { rules: [{ action: "FailJob", ...more }] } });
const indexed = (spec: Loose): Loose => job({ completionMode: "Indexed", completions: 5, ...spec });
const RULE = "spec.podFailurePolicy.rules[0]";

describe("a Job is refused for", () => {
  const cases: [string, Loose, string[]][] = [
    ["nothing", job(), []],
    [
      "a rule about nothing",
      rule({}),
      [`${RULE}: Invalid value: specifying one of OnExitCodes and OnPodConditions is required`],
    ],
    [
      "exit codes out of order, of nobody",
      rule({ onExitCodes: { operator: "In", values: [3, 0], containerName: "x" } }),
      [
        `${RULE}.onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template`,
        `${RULE}.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator`,
        `${RULE}.onExitCodes.values: Invalid value: [3,0]: must be ordered`,
      ],
    ],
    [
      "no action",
      rule({ action: "", onPodConditions: [{ type: "a" }] }),
      [`${RULE}.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`],
    ],
    [
      "an index to fail that is none",
      rule({ action: "FailIndex", onPodConditions: [{ type: "a" }] }),
      [`${RULE}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set`],
    ],
    [
      "limits per index without indexes",
      job({ maxFailedIndexes: 1 }),
      [
        "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified",
        "spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode",
      ],
    ],
    [
      "a success that cannot be",
      indexed({ successPolicy: { rules: [{ succeededIndexes: "1,3-4", succeededCount: 6 }] } }),
      [
        "spec.successPolicy.rules[0].succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)",
        "spec.successPolicy.rules[0].succeededCount: Invalid value: 6: must be less than or equal to 3 (the number of indexes in the specified succeededIndexes field)",
      ],
    ],
    [
      "indexes that are none",
      indexed({ successPolicy: { rules: [{ succeededIndexes: "3,1" }, { succeededIndexes: "9" }, {}] } }),
      [
        'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "3,1": error parsing succeededIndexes: non-increasing order, previous: 3, current: 1',
        'spec.successPolicy.rules[1].succeededIndexes: Invalid value: "9": error parsing succeededIndexes: too large index: "9"',
        "spec.successPolicy.rules[2]: Required value: at least one of succeededCount or succeededIndexes must be specified",
      ],
    ],
    [
      "a manager without a domain",
      job({ managedBy: "me" }),
      ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
    ],
    [
      "a replacement that its policy forbids",
      {
        ...rule({ onPodConditions: [{ type: "a" }] }),
        spec: {
          ...(rule({ onPodConditions: [{ type: "a" }] })["spec"] as Loose),
          podReplacementPolicy: "TerminatingOrFailed",
        },
      },
      ['spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"'],
    ],
  ];
  for (const [name, object, expected] of cases)
    it(name, () => assert.deepEqual(new KindRules("batch/jobs").creating(object), expected));
});

describe("a change of a Job is", () => {
  const suspended = { suspend: true };
  const placed = { template: { metadata: { labels: { a: "b" } }, spec: { ...pod, nodeSelector: { x: "y" } } } };
  const asked = {
    template: { spec: { ...pod, containers: [{ name: "c", image: "i", resources: { requests: { cpu: "1" } } }] } },
  };
  const cases: [string, Loose, Loose, RegExp | undefined][] = [
    ["taken where it rests and says where pods go", job(suspended), job({ ...suspended, ...placed }), undefined],
    ["taken where it rests and says what pods need", job(suspended), job({ ...suspended, ...asked }), undefined],
    ["refused where it runs", job(), job(placed), /^spec.template: Invalid value: .*field is immutable/],
    [
      "refused for completions",
      job(),
      job({ completions: 2 }),
      /^spec.completions: Invalid value: 2: field is immutable/,
    ],
    [
      "refused for completions without parallelism",
      indexed({}),
      indexed({ completions: 6 }),
      /^spec.completions: Invalid value: 6: can only be modified in tandem with spec.parallelism/,
    ],
    ["taken for both together", indexed({}), indexed({ completions: 6, parallelism: 6 }), undefined],
    [
      "refused for its policy",
      job(),
      rule({ onPodConditions: [{ type: "a" }] }),
      /spec.podFailurePolicy: Invalid value/,
    ],
  ];
  for (const [name, before, after, expected] of cases)
    it(name, () => {
      const rules = new KindRules("batch/jobs");
      // The labels and the selector that the server gave it.
      const made = rules.create(before);
      const { selector, template } = made.spec;
      const spec = after["spec"] as Loose;
      const wanted = (spec["template"] ?? {}) as { metadata?: { labels?: object } };
      const labels = { ...template.metadata.labels, ...wanted.metadata?.labels };
      const next = { spec: { ...spec, selector, template: { ...wanted, metadata: { labels } } } };
      const found = rules.updating(before, next).join("\n");
      if (expected === undefined) assert.equal(found, "");
      else assert.match(found, expected);
    });
  it("refused in status where it is finished", () => {
    const done = { conditions: [{ type: "Complete", status: "True" }], completionTime: "2026-01-01T00:00:00Z" };
    const found = new KindRules("batch/jobs").updatingStatus({ ...job(), status: done }, { succeeded: -1 });
    assert.deepEqual(found, [
      "status.succeeded: Invalid value: -1: must be greater than or equal to 0",
      "status.conditions: Invalid value: []: cannot disable the terminal Complete=True condition",
      "status.completionTime: Invalid value: null: field is immutable",
    ]);
  });
});

describe("a CronJob is refused for", () => {
  const cron = (spec: Loose = {}): Loose => ({ spec: { schedule: "* * * * *", jobTemplate: job(), ...spec } });
  const cases: [string, Loose, string[]][] = [
    ["nothing", cron(), []],
    [
      "a zone in its schedule",
      cron({ schedule: "TZ=UTC * * * * *" }),
      [
        'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [
      "zones that are none",
      cron({ timeZone: "Local", concurrencyPolicy: "x" }),
      [
        'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
        'spec.concurrencyPolicy: Unsupported value: "x": supported values: "Allow", "Forbid", "Replace"',
      ],
    ],
    [
      "a selector of its jobs",
      cron({ jobTemplate: job({ selector: { matchLabels: { a: "b" } } }) }),
      ['spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated'],
    ],
    [
      "a long name",
      { ...cron(), metadata: { name: "x".repeat(53) } },
      [`metadata.name: Invalid value: "${"x".repeat(53)}": must be no more than 52 characters`],
    ],
  ];
  for (const [name, object, expected] of cases)
    it(name, () => assert.deepEqual(new KindRules("batch/cronjobs").creating(object), expected));
});

it("warnings tell of names that are no host names", () => {
  assert.match(
    new KindRules("batch/jobs").warnings({ ...job(), metadata: { name: "a.b" } })[0] ?? "",
    /^metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: \[a lowercase/,
  );
});
