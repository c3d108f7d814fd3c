// Less common fields of a pod's spec, a line for each finding and each warning.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KindRules } from "../testing.ts";

type Loose = Record<string, unknown>;
const container = (more: Loose = {}): Loose => ({ name: "c", image: "i", ...more });
const pod = (spec: Loose = {}, metadata: Loose = {}): Loose => ({
  metadata,
  spec: { containers: [container()], ...spec },
});
const withContainer = (more: Loose, spec: Loose = {}): Loose => pod({ ...spec, containers: [container(more)] });
const reference = (resource: string, divisor: string): Loose =>
  withContainer({ env: [{ name: "A", valueFrom: { resourceFieldRef: { resource, divisor } } }] });
const rules = new KindRules("/pods");

describe("a pod is refused for", () => {
  const cases: [string, Loose, string[]][] = [
    [
      "claims from nowhere",
      pod({ resourceClaims: [{ name: "a" }, { name: "a", resourceClaimName: "x", resourceClaimTemplateName: "y" }] }),
      [
        'spec.resourceClaims[0]: Invalid value: {"name":"a"}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
        'spec.resourceClaims[1].name: Duplicate value: "a"',
        'spec.resourceClaims[1]: Invalid value: {"name":"a","resourceClaimName":"x","resourceClaimTemplateName":"y"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
      ],
    ],
    [
      "a claim that it has not",
      withContainer({ resources: { claims: [{ name: "x" }] } }),
      [
        'spec.containers[0].resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims which is empty',
      ],
    ],
    [
      "less than its containers ask for",
      withContainer(
        { resources: { requests: { cpu: "2" }, limits: { cpu: "3" } } },
        { resources: { requests: { cpu: "1" }, limits: { cpu: "1" } } },
      ),
      [
        'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
        'spec.containers[0].resources.limits: Invalid value: "3": must be less than or equal to pod limits of 1',
      ],
    ],
    [
      "the host's network with users of its own",
      pod({ hostUsers: false, hostNetwork: true, hostnameOverride: "a" }),
      [
        "spec.hostNetwork: Forbidden: when `hostUsers` is false",
        "spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true",
      ],
    ],
    [
      "a device where a mount is",
      withContainer(
        {
          volumeMounts: [{ name: "v", mountPath: "/x" }],
          volumeDevices: [{ name: "v", devicePath: "/x" }],
        },
        { volumes: [{ name: "v", persistentVolumeClaim: { claimName: "p" } }] },
      ),
      [
        'spec.containers[0].volumeDevices[0].devicePath: Invalid value: "/x": must not already exist as a path in volumeMounts',
        'spec.containers[0].volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts',
      ],
    ],
    [
      "a mount read-only below what may be written",
      withContainer(
        { volumeMounts: [{ name: "v", mountPath: "/x", recursiveReadOnly: "Enabled" }] },
        { volumes: [{ name: "v" }] },
      ),
      ["spec.containers[0].volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true"],
    ],
    [
      "divisors of other resources",
      reference("limits.cpu", "1Mi"),
      [
        'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "1Mi": only divisor\'s values 1m and 1 are supported with the cpu resource',
      ],
    ],
    ["none of memory's", reference("limits.memory", "1Mi"), []],
    [
      "part of a page",
      withContainer({ resources: { limits: { cpu: "1", "hugepages-2Mi": "3Mi" } } }),
      [
        'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
        'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
      ],
    ],
    [
      "restart rules without codes",
      withContainer({ restartPolicy: "Never", restartPolicyRules: [{ action: "x" }] }),
      [
        'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "x": supported values: "Restart", "RestartAllContainers"',
        "spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified",
      ],
    ],
    [
      "a volume's claim without a size",
      pod({ volumes: [{ name: "v", ephemeral: { volumeClaimTemplate: { spec: { accessModes: ["x"] } } } }] }),
      [
        'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: "x": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        "spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
      ],
    ],
  ];
  for (const [name, object, expected] of cases) it(name, () => assert.deepEqual(rules.creating(object), expected));
});

describe("a pod is warned about", () => {
  const cases: [string, Loose, string[]][] = [
    [
      "labels of old",
      pod({ nodeSelector: { "beta.kubernetes.io/os": "linux" } }),
      ['spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'],
    ],
    [
      "annotations of old",
      pod({}, { annotations: { "security.alpha.kubernetes.io/sysctls": "x" } }),
      [
        'metadata.annotations[security.alpha.kubernetes.io/sysctls]: non-functional in v1.11+; use the "sysctls" field instead',
      ],
    ],
    [
      "parts of a byte",
      withContainer({ resources: { requests: { memory: "100m" } } }),
      ['spec.containers[0].resources.requests[memory]: fractional byte value "100m" is invalid, must be an integer'],
    ],
    [
      "volumes of old",
      pod({ volumes: [{ name: "v", gitRepo: { repository: "r" } }] }),
      ["spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"],
    ],
  ];
  for (const [name, object, expected] of cases) it(name, () => assert.deepEqual(rules.warnings(object), expected));
});
