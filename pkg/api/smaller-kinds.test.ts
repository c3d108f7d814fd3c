// Rules of the groups with few kinds, a line for each finding.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "./testing.ts";

type Loose = Record<string, unknown>;
const scaler = (metric: Loose): Loose => ({
  spec: { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "d" }, metrics: [metric] },
});
const request = (more: Loose = {}): Loose => ({
  spec: {
    request: Buffer.from("-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----\n").toString(
      "base64",
    ),
    signerName: "example.com/s",
    usages: ["client auth"],
    ...more,
  },
});
const condition = (type: string, status = "True"): Loose => ({ type, status });
const attachment = (source: Loose): Loose => ({ spec: { attacher: "a", nodeName: "n", source } });
const driver = (spec: Loose): Loose => ({ spec });
const policy = (ipBlock: Loose): Loose => ({ spec: { ingress: [{ from: [{ ipBlock }] }] } });

describe("a new object is refused for", () => {
  const cases: [string, Loose, string[]][] = [
    [
      "autoscaling/horizontalpodautoscalers",
      scaler({ type: "Resource", resource: { name: "cpu", target: { type: "x", averageUtilization: 0 } } }),
      [
        'spec.metrics[0].resource.target.type: Invalid value: "x": must be either Utilization, Value, or AverageValue',
        "spec.metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0",
      ],
    ],
    [
      "autoscaling/horizontalpodautoscalers",
      scaler({ type: "Pods", external: { metric: { name: "m" }, target: { type: "Value" } } }),
      [
        "spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target",
        "spec.metrics[0].pods: Required value: must populate information for the given metric source",
      ],
    ],
    [
      "autoscaling/horizontalpodautoscalers",
      scaler({ type: "Pods", pods: { metric: {}, target: { type: "AverageValue", averageValue: "-1" } } }),
      [
        "spec.metrics[0].pods.metric.name: Required value: must specify a metric name",
        'spec.metrics[0].pods.target.averageValue: Invalid value: "-1": must be positive',
        "spec.metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue",
      ],
    ],
    ["certificates.k8s.io/certificatesigningrequests", request(), []],
    [
      "certificates.k8s.io/certificatesigningrequests",
      request({ usages: [], signerName: "s" }),
      [
        `spec.signerName: Invalid value: "s": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
        "spec.usages: Required value: usages is required",
      ],
    ],
    [
      "storage.k8s.io/storageclasses",
      { provisioner: "a b", allowedTopologies: [{ matchLabelExpressions: [{ key: "k", values: ["x", "x"] }] }] },
      [
        "provisioner: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
        'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "x"',
      ],
    ],
    [
      "storage.k8s.io/volumeattachments",
      attachment({ persistentVolumeName: "v", inlineVolumeSpec: {} }),
      ["spec.source: Forbidden: must specify exactly one of inlineVolumeSpec and persistentVolumeName"],
    ],
    [
      "storage.k8s.io/volumeattachments",
      attachment({ inlineVolumeSpec: { accessModes: ["ReadWriteOnce"], capacity: { storage: "1" } } }),
      [
        "spec.source.inlineVolumeSpec.capacity: Forbidden: may not be specified in the context of inline volumes",
        "spec.source.inlineVolumeSpec.csi: Required value: must specify csi in the context of inline volumes",
        "spec.source.inlineVolumeSpec: Required value: must specify a volume type",
      ],
    ],
    [
      "storage.k8s.io/csidrivers",
      driver({ tokenRequests: [{ audience: "a", expirationSeconds: 1 }, { audience: "a" }], fsGroupPolicy: "x" }),
      [
        'spec.fsGroupPolicy: Unsupported value: "x": supported values: "File", "None", "ReadWriteOnceWithFSType"',
        "spec.tokenRequests[0].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes",
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
      ],
    ],
    [
      "storage.k8s.io/csinodes",
      { spec: { drivers: [{ name: "d", nodeID: "n", topologyKeys: ["a", "a"], allocatable: { count: -1 } }] } },
      [
        "spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0",
        'spec.drivers[0].topologyKeys[1]: Duplicate value: "a"',
      ],
    ],
    [
      "networking.k8s.io/networkpolicies",
      policy({ cidr: "10.0.0.0/16", except: ["10.0.1.0/24", "10.1.0.0/24", "10.0.0.0/16"] }),
      [
        'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "10.1.0.0/24": must be a strict subset of `cidr`',
        'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "10.0.0.0/16": must be a strict subset of `cidr`',
      ],
    ],
    [
      "networking.k8s.io/ingresses",
      {
        metadata: { annotations: { "kubernetes.io/ingress.class": "a" } },
        spec: { ingressClassName: "b", defaultBackend: { service: { name: "s", port: { number: 1 } } } },
      },
      ['annotations.kubernetes.io/ingress.class: Invalid value: "a": can not be set when the class field is also set'],
    ],
    [
      "discovery.k8s.io/endpointslices",
      {
        addressType: "IPv4",
        endpoints: [{ addresses: ["fd00::1"], hints: { forZones: [{ name: "a" }, { name: "a" }] } }],
      },
      [
        'endpoints[0].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address',
        'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
      ],
    ],
    [
      "coordination.k8s.io/leases",
      { spec: { preferredHolder: "x" } },
      ["spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined"],
    ],
    [
      "rbac.authorization.k8s.io/rolebindings",
      { roleRef: { kind: "Role", name: "r" }, subjects: [{ kind: "ServiceAccount", name: "a" }] },
      [],
    ],
    [
      "rbac.authorization.k8s.io/clusterrolebindings",
      { roleRef: { kind: "ClusterRole", name: "r" }, subjects: [{ kind: "ServiceAccount", name: "a" }] },
      ["subjects[0].namespace: Required value"],
    ],
    [
      "node.k8s.io/runtimeclasses",
      { handler: "h", overhead: { podFixed: { cpu: "-1" } } },
      ['overhead.podFixed.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
    ],
  ];
  for (const [key, object, expected] of cases)
    it(`${key} ${JSON.stringify(object).slice(0, 80)}`, () =>
      assert.deepEqual(new KindRules(key).creating(object), expected));
});

describe("a change is refused for", () => {
  const cases: [string, Loose, Loose, string[]][] = [
    ["storage.k8s.io/storageclasses", { provisioner: "a" }, { provisioner: "a", allowVolumeExpansion: true }, []],
    [
      "storage.k8s.io/storageclasses",
      { provisioner: "a" },
      { provisioner: "a", parameters: { b: "c" }, volumeBindingMode: "WaitForFirstConsumer" },
      [
        "parameters: Forbidden: updates to parameters are forbidden.",
        'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
      ],
    ],
    [
      "storage.k8s.io/csinodes",
      { spec: { drivers: [{ name: "d", nodeID: "n" }] } },
      { spec: { drivers: [{ name: "d", nodeID: "m" }] } },
      ['CSINodeDriver: Invalid value: {"name":"d","nodeID":"m"}: field is immutable'],
    ],
    ["certificates.k8s.io/certificatesigningrequests", request(), request({ signerName: "example.com/t" }), []],
  ];
  for (const [key, before, after, expected] of cases)
    it(`${key} to ${JSON.stringify(after).slice(0, 80)}`, () =>
      assert.deepEqual(new KindRules(key).updating(before, after), expected));
});

describe("a status is refused for", () => {
  const CSR = "certificates.k8s.io/certificatesigningrequests";
  const cases: [string, Loose, Loose, string[]][] = [
    [
      CSR,
      request(),
      { conditions: [condition("Approved")], certificate: Buffer.from("x").toString("base64") },
      [
        'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
        'status.certificate: Invalid value: "<certificate data>": must contain one or more CERTIFICATE PEM blocks',
      ],
    ],
    [
      CSR,
      { ...request(), status: { conditions: [condition("Approved")] } },
      { conditions: [condition("Failed", "False")] },
      [
        'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
        'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
      ],
    ],
    [
      "policy/poddisruptionbudgets",
      { spec: {} },
      { disruptionsAllowed: -1 },
      ["status.disruptionsAllowed: Invalid value: -1: must be greater than or equal to 0"],
    ],
    [
      "networking.k8s.io/ingresses",
      { spec: {} },
      { loadBalancer: { ingress: [{ ip: "x" }] } },
      [
        'status.loadBalancer.ingress[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      ],
    ],
  ];
  for (const [key, before, status, expected] of cases)
    it(`${key} ${JSON.stringify(status).slice(0, 80)}`, () =>
      assert.deepEqual(new KindRules(key).updatingStatus(before, status), expected));
});

it("an Ingress that names its class by annotation is warned about", () => {
  const object = { metadata: { annotations: { "kubernetes.io/ingress.class": "a" } }, spec: {} };
  assert.deepEqual(new KindRules("networking.k8s.io/ingresses").warnings(object), [
    `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
  ]);
});
