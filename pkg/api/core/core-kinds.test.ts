// Rules of the core kinds besides pods, a line for each finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "../testing.ts";

type Loose = Record<string, unknown>;
const service = (spec: Loose = {}): Loose => ({
  spec: { ports: [{ port: 80 }], clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1"], ...spec },
});
const event = (more: Loose = {}): Loose => ({
  involvedObject: { namespace: "ns" },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingComponent: "example.com/c",
  reportingInstance: "i",
  action: "a",
  reason: "r",
  type: "Normal",
  ...more,
});
const newEvent = (more: Loose = {}): Loose => ({
  regarding: { namespace: "ns" },
  eventTime: "2026-01-01T00:00:00.000000Z",
  reportingController: "example.com/c",
  reportingInstance: "i",
  action: "a",
  reason: "r",
  type: "Normal",
  ...more,
});
const endpoints = (address: Loose): Loose => ({ subsets: [{ addresses: [address], ports: [{ port: 1 }] }] });
const limits = (item: Loose): Loose => ({ spec: { limits: [item] } });

describe("a new object is refused for", () => {
  const cases: [string, Loose, string[]][] = [
    [
      "/services",
      { spec: { type: "ExternalName", externalName: "a_b", ipFamilyPolicy: "SingleStack", clusterIPs: ["None"] } },
      [
        "spec.clusterIPs: Forbidden: may not be set for ExternalName services",
        "spec.ipFamilyPolicy: Forbidden: may not be set for ExternalName services",
        `spec.externalName: Invalid value: "a_b": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
      ],
    ],
    [
      "/services",
      service({ externalIPs: ["169.254.1.1", "127.0.0.1", "0.0.0.0", "x"] }),
      [
        'spec.externalIPs[0]: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
        'spec.externalIPs[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
        'spec.externalIPs[2]: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)',
        'spec.externalIPs[3]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
    [
      "/services",
      service({ ipFamilies: ["IPv6"], loadBalancerSourceRanges: ["x"], allocateLoadBalancerNodePorts: true }),
      [
        'spec.clusterIPs[0]: Invalid value: "10.0.0.1": expected an IPv6 value as indicated by `ipFamilies[0]`',
        "spec.LoadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
        'spec.LoadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
        "spec.allocateLoadBalancerNodePorts: Forbidden: may only be used when `type` is 'LoadBalancer'",
      ],
    ],
    [
      "/services",
      service({ type: "Other", sessionAffinity: "x" }),
      [
        'spec.sessionAffinity: Unsupported value: "x": supported values: "ClientIP", "None"',
        'spec.type: Unsupported value: "Other": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    [
      "/endpoints",
      endpoints({ ip: "127.0.0.1", hostname: "A", nodeName: "n" }),
      [
        "subsets[0].addresses[0].hostname: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
        'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
      ],
    ],
    ["/events", event(), []],
    [
      "/events",
      event({ reportingInstance: "", action: "x".repeat(129), message: "x".repeat(1025) }),
      [
        "reportingInstance: Required value",
        'action: Invalid value: "": can have at most 128 characters',
        'message: Invalid value: "": can have at most 1024 characters',
      ],
    ],
    [
      "/events",
      { involvedObject: { namespace: "other" } },
      ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
    ],
    ["/events", { involvedObject: { namespace: "ns" } }, []],
    ["events.k8s.io/events", newEvent(), []],
    [
      "events.k8s.io/events",
      newEvent({ eventTime: undefined, type: "x", deprecatedCount: 1, series: { count: 1 } }),
      [
        'series.count: Invalid value: "": should be at least 2',
        "series.lastObservedTime: Required value",
        "eventTime: Required value",
        'type: Invalid value: "": has invalid value: x',
        'count: Invalid value: "": needs to be unset',
      ],
    ],
    [
      "/nodes",
      {
        spec: {
          taints: [
            { key: "a", effect: "NoSchedule" },
            { key: "a", effect: "NoSchedule" },
          ],
        },
      },
      [
        'metadata.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule"}: taints must be unique by key and effect pair',
      ],
    ],
    [
      "/nodes",
      { spec: { podCIDRs: ["10.0.0.0/24", "10.0.0.0/24"] } },
      [
        'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.0.0/24"]: may specify no more than one CIDR for each IP family',
        'spec.podCIDRs[1]: Duplicate value: "10.0.0.0/24"',
      ],
    ],
    [
      "/namespaces",
      { spec: { finalizers: ["mine"] } },
      ['spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'],
    ],
    [
      "/limitranges",
      limits({ type: "Container", min: { cpu: "2" }, max: { cpu: "1" }, maxLimitRequestRatio: { memory: "500m" } }),
      [
        'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
        'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
        'spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "500m": ratio 500m is less than 1',
      ],
    ],
    [
      "/limitranges",
      limits({ type: "Container", max: { constructor: "1" } }),
      ["max", "default", "defaultRequest"].map(
        (field) =>
          `spec.limits[0].${field}[constructor]: Invalid value: "constructor": must be a standard resource for containers`,
      ),
    ],
    [
      "/limitranges",
      limits({ type: "Other" }),
      ['spec.limits[0].type: Invalid value: "Other": must be a standard limit type or fully qualified'],
    ],
    [
      "/resourcequotas",
      { spec: { hard: { cpu: "1", pods: "1500m" }, scopes: ["BestEffort", "NotBestEffort"] } },
      [
        'spec.hard[pods]: Invalid value: "1500m": must be an integer',
        'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: unsupported scope applied to resource',
        'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
      ],
    ],
    [
      "/resourcequotas",
      { spec: { scopeSelector: { matchExpressions: [{ scopeName: "PriorityClass", operator: "In" }] } } },
      [
        "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
      ],
    ],
  ];
  for (const [key, object, expected] of cases)
    it(`${key} ${JSON.stringify(object).slice(0, 70)}`, () => {
      assert.deepEqual(new KindRules(key).creating(object), expected);
    });
});

describe("a change is refused for", () => {
  const dual = { clusterIPs: ["10.0.0.1", "fd00::1"], ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "PreferDualStack" };
  const cases: [string, Loose, Loose, string[]][] = [
    [
      "/services",
      service(dual),
      service({ ipFamilies: ["IPv4"], ipFamilyPolicy: "PreferDualStack" }),
      [
        "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing the secondary clusterIP",
        "spec.ipFamilyPolicy: Invalid value: \"PreferDualStack\": must be set to 'SingleStack' when releasing the secondary ipFamily",
      ],
    ],
    [
      "/services",
      service({ type: "LoadBalancer", loadBalancerClass: "a" }),
      service({ type: "LoadBalancer", loadBalancerClass: "b" }),
      ['spec.loadBalancerClass: Invalid value: "b": may not change once set'],
    ],
    [
      "events.k8s.io/events",
      newEvent(),
      newEvent({ series: { count: 2, lastObservedTime: "2026-01-01T00:00:00Z" } }),
      [],
    ],
    [
      "events.k8s.io/events",
      newEvent(),
      newEvent({ note: "x", reportingController: "example.com/d" }),
      [
        'message: Invalid value: "x": field is immutable',
        'reportingController: Invalid value: "example.com/d": field is immutable',
      ],
    ],
    [
      "/resourcequotas",
      { spec: { scopes: ["Terminating"] } },
      { spec: {} },
      ["spec.scopes: Invalid value: []: field is immutable"],
    ],
  ];
  for (const [key, before, after, expected] of cases)
    it(`${key} to ${JSON.stringify(after).slice(0, 70)}`, () => {
      assert.deepEqual(new KindRules(key).updating(before, after), expected);
      assert.deepEqual(new KindRules(key).updating(before, before), []);
    });
});

describe("a status is refused for", () => {
  const cases: [string, Loose, Loose, string[]][] = [
    [
      "/services",
      service(),
      { loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } },
      ['status.loadBalancer.ingress: Forbidden: may only be used when `spec.type` is "LoadBalancer"'],
    ],
    [
      "/services",
      service({ type: "LoadBalancer" }),
      { loadBalancer: { ingress: [{ hostname: "1.2.3.4", ipMode: "VIP" }] } },
      [
        "status.loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set",
        'status.loadBalancer.ingress[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address',
      ],
    ],
    [
      "/namespaces",
      {},
      { phase: "Terminating" },
      ["status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"],
    ],
    [
      "/replicationcontrollers",
      { spec: { selector: { a: "b" }, template: { metadata: { labels: { a: "b" } } } } },
      { replicas: 1, readyReplicas: 2, availableReplicas: 3 },
      [
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 3: cannot be greater than status.replicas",
        "status.availableReplicas: Invalid value: 3: cannot be greater than readyReplicas",
      ],
    ],
    [
      "/resourcequotas",
      { spec: {} },
      { hard: { x: "1" }, used: { cpu: "-1" } },
      [
        'status.hard[x]: Invalid value: "1": must be a standard resource for quota'.replace('"1"', '"x"'),
        'status.used[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      ],
    ],
  ];
  for (const [key, before, status, expected] of cases)
    it(`${key} ${JSON.stringify(status).slice(0, 70)}`, () => {
      assert.deepEqual(new KindRules(key).updatingStatus(before, status), expected);
    });
});

it("warnings name what has no effect", () => {
  const headless = service({ clusterIP: "None", clusterIPs: ["None"], externalIPs: ["1.2.3.4"] });
  assert.deepEqual(new KindRules("/services").warnings(headless), [
    'spec.externalIPs is ignored when spec.clusterIP is "None"',
  ]);
  assert.deepEqual(new KindRules("/nodes").warnings({ spec: { externalID: "x" } }), [
    "spec.externalID: this field is deprecated, and is unused by Kubernetes",
  ]);
});
