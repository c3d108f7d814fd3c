import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "../resource-ref.ts";
import type { ResourceQuota } from "../types/core-v1.ts";
import { quotaIsAbout, quotaUsage } from "./quota-usage.ts";

const object = (spec: object, rest: object = {}): KubeObject =>
  ({ metadata: { name: "o", namespace: "ns" }, spec, ...rest }) as unknown as KubeObject;
const containers = (resources: object): object => ({ containers: [{ name: "c", resources }] });
const ports = [{ port: 1 }, { port: 2, nodePort: 30_000 }];

describe("quotaUsage", () => {
  for (const [what, resource, given, expected] of [
    [
      "a pod's requests and limits",
      "pods",
      object(containers({ requests: { cpu: "1", "example.com/gpu": "2" }, limits: { memory: "1Gi" } })),
      {
        "count/pods": "1",
        pods: "1",
        cpu: "1",
        "requests.cpu": "1",
        "requests.example.com/gpu": "2",
        "limits.memory": "1Gi",
      },
    ],
    [
      "a finished pod as an object alone",
      "pods",
      object(containers({}), { status: { phase: "Failed" } }),
      { "count/pods": "1" },
    ],
    [
      "a pod that should be gone as an object alone",
      "pods",
      object(containers({}), {
        metadata: { deletionTimestamp: "2026-01-01T00:00:00Z", deletionGracePeriodSeconds: 30 },
      }),
      { "count/pods": "1" },
    ],
    [
      "node ports",
      "services",
      object({ type: "NodePort", ports }),
      { "count/services": "1", services: "1", "services.loadbalancers": "0", "services.nodeports": "2" },
    ],
    [
      "node ports that a balancer names",
      "services",
      object({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports }),
      { "count/services": "1", services: "1", "services.loadbalancers": "1", "services.nodeports": "1" },
    ],
    [
      "storage by class, and what stays allocated",
      "persistentvolumeclaims",
      object(
        { storageClassName: "fast", resources: { requests: { storage: "1Gi" } } },
        { status: { allocatedResources: { storage: "2Gi" } } },
      ),
      {
        "count/persistentvolumeclaims": "1",
        persistentvolumeclaims: "1",
        "requests.storage": "2Gi",
        "fast.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
        "fast.storageclass.storage.k8s.io/requests.storage": "2Gi",
      },
    ],
    ["custom resources", "example.com/widgets", object({}), { "count/widgets.example.com": "1" }],
  ] as const)
    it(`counts ${what} when asked`, () =>
      assert.deepEqual(quotaUsage(resource, given, Date.parse("2026-02-01T00:00:00Z")), expected));
});

describe("quotaIsAbout", () => {
  const scoped = (scopeName: string, operator = "Exists", ...values: string[]): ResourceQuota =>
    ({ spec: { scopeSelector: { matchExpressions: [{ scopeName, operator, values }] } } }) as unknown as ResourceQuota;
  const burstable = containers({ requests: { cpu: "1" } });
  const reaching = {
    ...burstable,
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [{ podAffinityTerm: { namespaces: ["other"] } }],
      },
    },
  };
  const gold = { volumeAttributesClassName: "gold" };
  for (const [quota, resource, spec, expected] of [
    [scoped("Terminating"), "pods", { ...burstable, activeDeadlineSeconds: 5 }, true],
    [scoped("NotTerminating"), "pods", { ...burstable, activeDeadlineSeconds: 5 }, false],
    [scoped("BestEffort"), "pods", containers({}), true],
    [scoped("NotBestEffort"), "pods", burstable, true],
    [scoped("PriorityClass", "In", "high"), "pods", { ...burstable, priorityClassName: "high" }, true],
    [scoped("PriorityClass", "NotIn", "high"), "pods", { ...burstable, priorityClassName: "high" }, false],
    [scoped("PriorityClass", "DoesNotExist"), "pods", burstable, true],
    [scoped("CrossNamespacePodAffinity"), "pods", reaching, true],
    [scoped("CrossNamespacePodAffinity"), "pods", burstable, false],
    [scoped("VolumeAttributesClass", "In", "gold"), "persistentvolumeclaims", gold, true],
    [scoped("VolumeAttributesClass", "NotIn", "gold"), "persistentvolumeclaims", gold, false],
    [scoped("VolumeAttributesClass", "DoesNotExist"), "persistentvolumeclaims", {}, true],
    [scoped("BestEffort"), "services", {}, false],
  ] as const) {
    const [{ scopeName, operator } = { scopeName: "", operator: "" }] =
      quota.spec?.scopeSelector?.matchExpressions ?? [];
    it(`says ${expected} for ${scopeName} ${operator} when asked about ${JSON.stringify(spec).slice(0, 60)}`, () =>
      assert.equal(quotaIsAbout(quota, resource, object(spec)), expected));
  }
});
