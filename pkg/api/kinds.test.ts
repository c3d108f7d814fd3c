// What the kinds' rules say, a line for each: strategy, object, finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { builtinStrategies } from "./builtin.ts";
import type { Strategy } from "./definition.ts";

type Loose = Record<string, unknown>;
const meta = { name: "x", namespace: "ns", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" };
const strategyOfKey = (key: string): Strategy => builtinStrategies[key] as Strategy;

/** As the machine does on a create. */
// oxlint-disable-next-line no-explicit-any -- tests look into objects of every kind
function create(key: string, object: Loose): { object: any; errors: string[] } {
  const strategy = strategyOfKey(key);
  const made = structuredClone({ metadata: { ...meta }, ...object }) as Parameters<
    NonNullable<Strategy["defaults"]>
  >[0];
  strategy.defaults?.(made);
  strategy.prepareForCreate?.(made);
  return { object: made, errors: (strategy.validate?.(made) ?? []).map((e) => `${e.field}: ${e.message}`) };
}
function update(key: string, before: Loose, after: Loose): string[] {
  const old = create(key, before).object;
  const strategy = strategyOfKey(key);
  const next = structuredClone({ metadata: { ...meta }, ...after }) as Parameters<NonNullable<Strategy["defaults"]>>[0];
  strategy.defaults?.(next);
  strategy.prepareForUpdate?.(next, old);
  return (strategy.validateUpdate?.(next, old) ?? []).map((e) => `${e.field}: ${e.message}`);
}

const template = { metadata: { labels: { app: "a" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const selector = { matchLabels: { app: "a" } };
const workload = (spec: Loose = {}): Loose => ({ spec: { selector, template, ...spec } });
const job = (spec: Loose = {}): Loose => ({
  spec: { template: { spec: { ...template.spec, restartPolicy: "Never" } }, ...spec },
});
const service = (spec: Loose = {}): Loose => ({
  spec: { ports: [{ port: 80 }], clusterIPs: ["10.0.0.1"], clusterIP: "10.0.0.1", ...spec },
});

describe("kinds", () => {
  const wrong: [string, Loose, string[]][] = [
    ["/services", service(), []],
    ["/services", service({ ports: [] }), ["spec.ports: Required value"]],
    [
      "/services",
      service({ ports: [{ port: 80 }, { port: 80, name: "b" }] }),
      ["spec.ports[0].name: Required value", 'spec.ports[1]: Duplicate value: {"port":80,"protocol":"TCP"}'],
    ],
    [
      "/services",
      service({ ports: [{ port: 80, nodePort: 30000 }] }),
      ["spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"],
    ],
    ["/services", { spec: { type: "ExternalName" } }, ["spec.externalName: Required value"]],
    [
      "/configmaps",
      { data: { "a b": "x" } },
      [
        "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ],
    ],
    ["/configmaps", { data: { a: "x".repeat(1024 * 1024 + 1) } }, [": Too long: may not be more than 1048576 bytes"]],
    [
      "/secrets",
      { type: "kubernetes.io/tls", data: {} },
      ["data[tls.crt]: Required value", "data[tls.key]: Required value"],
    ],
    [
      "/secrets",
      { type: "kubernetes.io/ssh-auth", data: { "ssh-privatekey": "" } },
      ["data[ssh-privatekey]: Required value"],
    ],
    ["apps/deployments", workload(), []],
    [
      "apps/deployments",
      workload({ selector: { matchLabels: { app: "b" } } }),
      ['spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`'],
    ],
    [
      "apps/deployments",
      workload({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
      ["spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0"],
    ],
    [
      "apps/deployments",
      workload({ template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } } }),
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      "apps/replicasets",
      workload({ replicas: -1 }),
      ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
    ],
    ["apps/statefulsets", workload(), []],
    ["apps/daemonsets", workload(), []],
    ["batch/jobs", job(), []],
    [
      "batch/jobs",
      { spec: { template: { spec: template.spec } } },
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      "batch/cronjobs",
      { spec: { schedule: "* * *", jobTemplate: job() } },
      ['spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]'],
    ],
    ["batch/cronjobs", { spec: { schedule: "*/5 1-3 * jan mon", jobTemplate: job() } }, []],
    [
      "networking.k8s.io/ingresses",
      { spec: {} },
      ["spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"],
    ],
    [
      "policy/poddisruptionbudgets",
      { spec: { minAvailable: 1, maxUnavailable: 1 } },
      [
        'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
      ],
    ],
    [
      "scheduling.k8s.io/priorityclasses",
      { value: 2_000_000_000 },
      ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"],
    ],
    [
      "rbac.authorization.k8s.io/roles",
      { rules: [{ verbs: [] }] },
      [
        "rules[0].verbs: Required value: verbs must contain at least one value",
        "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
        "rules[0].resources: Required value: resource rules must supply at least one resource",
      ],
    ],
    [
      "discovery.k8s.io/endpointslices",
      { addressType: "IPv4", endpoints: [{ addresses: ["x"] }] },
      [
        'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IPv4 address',
        'endpoints[0].addresses[0]: Invalid value: "x": must be a valid IP address',
      ],
    ],
    [
      "coordination.k8s.io/leases",
      { spec: { leaseDurationSeconds: 0 } },
      ["spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"],
    ],
    [
      "/persistentvolumeclaims",
      { spec: {} },
      [
        "spec.accessModes: Required value: at least 1 access mode is required",
        "spec.resources[storage]: Required value",
      ],
    ],
  ];
  for (const [key, object, expected] of wrong) {
    it(`${key} ${expected.length === 0 ? "accepts" : "refuses"} ${JSON.stringify(object).slice(0, 60)}`, () => {
      assert.deepEqual(create(key, object).errors, expected);
    });
  }

  const changes: [string, Loose, Loose, RegExp][] = [
    [
      "apps/deployments",
      workload(),
      workload({ selector: { matchLabels: { a: "b" } } }),
      /spec.selector: Invalid value: .*field is immutable/,
    ],
    [
      "apps/statefulsets",
      workload(),
      workload({ serviceName: "x" }),
      /spec: Forbidden: updates to statefulset spec for fields other than/,
    ],
    [
      "/configmaps",
      { immutable: true, data: { a: "1" } },
      { immutable: true, data: { a: "2" } },
      /data: Forbidden: field is immutable when `immutable` is set/,
    ],
    ["/secrets", { type: "a" }, { type: "b" }, /type: Invalid value: "b": field is immutable/],
    [
      "/services",
      service(),
      service({ clusterIP: "10.0.0.2", clusterIPs: ["10.0.0.2"] }),
      /spec.clusterIPs\[0\]: Invalid value: \["10.0.0.2"\]: may not change once set/,
    ],
    [
      "rbac.authorization.k8s.io/rolebindings",
      { roleRef: { kind: "Role", name: "a" } },
      { roleRef: { kind: "Role", name: "b" } },
      /roleRef: Invalid value: .*cannot change roleRef/,
    ],
    [
      "storage.k8s.io/storageclasses",
      { provisioner: "a" },
      { provisioner: "b" },
      /provisioner: Forbidden: updates to provisioner are forbidden/,
    ],
    ["/nodes", { spec: { podCIDR: "10.0.0.0/24" } }, { spec: { podCIDR: "10.0.1.0/24" } }, /spec.podCIDRs: Forbidden/],
  ];
  for (const [key, before, after, expected] of changes) {
    it(`${key} refuses the change to ${JSON.stringify(after).slice(0, 60)}`, () => {
      assert.match(update(key, before, after).join("\n"), expected);
      assert.deepEqual(update(key, before, before), []);
    });
  }
});

describe("defaults", () => {
  it("finish a Deployment", () => {
    const { object } = create("apps/deployments", workload());
    const { template: _, selector: __, ...spec } = object.spec;
    assert.deepEqual(spec, {
      replicas: 1,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
  });
  it("turn a Secret's stringData into data", () => {
    assert.deepEqual(create("/secrets", { stringData: { a: "b" } }).object.data, { a: "Yg==" });
  });
  it("give a Namespace its finalizer, phase and name label", () => {
    const { object } = create("/namespaces", {});
    assert.deepEqual(object.spec.finalizers, ["kubernetes"]);
    assert.equal(object.status.phase, "Active");
    assert.equal(object.metadata.labels["kubernetes.io/metadata.name"], "x");
  });
  it("give a Job a selector of its own", () => {
    const { object } = create("batch/jobs", job());
    assert.deepEqual(object.spec.selector, { matchLabels: { "batch.kubernetes.io/controller-uid": "u" } });
    assert.equal(object.spec.template.metadata.labels["job-name"], "x");
    assert.equal(object.spec.backoffLimit, 6);
  });
});

describe("columns", () => {
  const row = (key: string, object: Loose): unknown[] =>
    (strategyOfKey(key).columns ?? []).map((c) =>
      c.value(create(key, object).object, Date.parse(meta.creationTimestamp) + 60_000),
    );
  const names = (key: string): string =>
    (strategyOfKey(key).columns ?? []).map((c) => c.name + (c.priority > 0 ? "*" : "")).join(" ");
  it("are upstream's", () => {
    assert.equal(names("/pods"), "Name Ready Status Restarts Age IP* Node* Nominated Node* Readiness Gates*");
    assert.equal(names("/services"), "Name Type Cluster-IP External-IP Port(s) Age Selector*");
    assert.equal(names("apps/deployments"), "Name Ready Up-to-date Available Age Containers* Images* Selector*");
    assert.equal(
      names("/nodes"),
      "Name Status Roles Age Version Internal-IP* External-IP* OS-Image* Kernel-Version* Container-Runtime*",
    );
  });
  it("show a row", () => {
    assert.deepEqual(row("apps/deployments", workload({ replicas: 3 })), ["x", "0/3", 0, 0, "60s", "c", "i", "app=a"]);
    assert.deepEqual(row("/services", service({ selector: { a: "b" } })), [
      "x",
      "ClusterIP",
      "10.0.0.1",
      "<none>",
      "80/TCP",
      "60s",
      "a=b",
    ]);
    assert.deepEqual(row("/configmaps", { data: { a: "1" } }), ["x", 1, "60s"]);
    assert.deepEqual(row("batch/jobs", job()), [
      "x",
      "Running",
      "0/1",
      "",
      "60s",
      "c",
      "i",
      "batch.kubernetes.io/controller-uid=u",
    ]);
  });
});
