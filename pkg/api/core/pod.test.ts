import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FieldError } from "#pkg/errors/index.ts";
import type { Mutable } from "../resource-ref.ts";
import type { Pod, PodSpec } from "../types/core-v1.ts";
import { summarizePod } from "./pod-columns.ts";
import { defaultPod } from "./pod-defaults.ts";
import { qosClassOf } from "./pod-resources.ts";
import { validatePodUpdate } from "./pod-update-validation.ts";
import { validatePod } from "./pod-validation.ts";
import { podSpecWarnings } from "./pod-warnings.ts";
import { defaultPullPolicy } from "./pull-policy.ts";

type Loose = Partial<Mutable<PodSpec>>;
const container = { name: "c", image: "busybox" };
function podOf(spec: Loose = {}, rest: object = {}): Mutable<Pod> {
  const object = {
    metadata: { name: "p", namespace: "ns" },
    spec: { containers: [{ ...container }], ...spec },
    ...rest,
  };
  const pod = structuredClone(object) as unknown as Mutable<Pod>;
  defaultPod(pod);
  return pod;
}
const read = (pod: Mutable<Pod>): Pod => pod as unknown as Pod;
const lines = (errors: readonly FieldError[]): string[] => errors.map((e) => `${e.field}: ${e.message}`);

describe("defaultPod", () => {
  it("fills in what upstream does", () => {
    const pod = podOf({
      containers: [
        {
          ...container,
          ports: [{ containerPort: 80 }],
          livenessProbe: { httpGet: { port: 80 } },
          resources: { limits: { cpu: "1" } },
          env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
        },
      ],
      volumes: [
        { name: "e" },
        { name: "s", secret: { secretName: "x" } },
        { name: "p", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
      ],
      serviceAccount: "old",
    });
    assert.deepEqual(pod.spec, {
      containers: [
        {
          name: "c",
          image: "busybox",
          imagePullPolicy: "Always",
          terminationMessagePath: "/dev/termination-log",
          terminationMessagePolicy: "File",
          ports: [{ containerPort: 80, protocol: "TCP" }],
          livenessProbe: {
            httpGet: { port: 80, path: "/", scheme: "HTTP" },
            timeoutSeconds: 1,
            periodSeconds: 10,
            successThreshold: 1,
            failureThreshold: 3,
          },
          resources: { limits: { cpu: "1" }, requests: { cpu: "1" } },
          env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name", apiVersion: "v1" } } }],
        },
      ],
      volumes: [
        { name: "e", emptyDir: {} },
        { name: "s", secret: { secretName: "x", defaultMode: 420 } },
        {
          name: "p",
          projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 3600 } }], defaultMode: 420 },
        },
      ],
      serviceAccount: "old",
      serviceAccountName: "old",
      restartPolicy: "Always",
      dnsPolicy: "ClusterFirst",
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      schedulerName: "default-scheduler",
      enableServiceLinks: true,
    });
  });
  it("gives containers on the host's network its ports", () => {
    const pod = podOf({ hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80 }] }] });
    assert.equal(pod.spec?.containers[0]?.ports?.[0]?.hostPort, 80);
  });
  it("pulls moving tags always", () => {
    const always = ["a", "a:latest", "host:5000/a"];
    for (const image of always) assert.equal(defaultPullPolicy(image), "Always", image);
    const once = ["a:1", "host:5000/a:1", "a@sha256:00", "a:latest@sha256:00"];
    for (const image of once) assert.equal(defaultPullPolicy(image), "IfNotPresent", image);
  });
});

describe("validatePod", () => {
  it("finds nothing in a plain pod", () => assert.deepEqual(validatePod(read(podOf())), []));
  const wrong: [string, Loose, string][] = [
    ["no containers", { containers: [] }, "spec.containers: Required value"],
    ["no image", { containers: [{ name: "c" }] }, "spec.containers[0].image: Required value"],
    ["a container twice", { containers: [container, container] }, 'spec.containers[1].name: Duplicate value: "c"'],
    [
      "a mount without a volume",
      { containers: [{ ...container, volumeMounts: [{ name: "x", mountPath: "/x" }] }] },
      'spec.containers[0].volumeMounts[0].name: Not found: "x"',
    ],
    [
      "a request above its limit",
      { containers: [{ ...container, resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }] },
      'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    ],
    [
      "an unknown restart policy",
      { restartPolicy: "Sometimes" },
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      "a probe without a handler",
      { containers: [{ ...container, livenessProbe: {} }] },
      "spec.containers[0].livenessProbe: Required value: must specify a handler type",
    ],
    [
      "an init container with a probe",
      { initContainers: [{ name: "i", image: "x", readinessProbe: { tcpSocket: { port: 1 } } }] },
      "spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
    ],
    [
      "a host path that climbs",
      { volumes: [{ name: "v", hostPath: { path: "/a/../b" } }] },
      `spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
    ],
    [
      "two volume sources",
      { volumes: [{ name: "v", emptyDir: {}, configMap: { name: "x" } }] },
      "spec.volumes[0].configMap: Forbidden: may not specify more than 1 volume type",
    ],
    [
      "a port out of range",
      { containers: [{ ...container, ports: [{ containerPort: 70_000 }] }] },
      "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
    ],
    [
      "a field reference nobody knows",
      { containers: [{ ...container, env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }] }] },
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "spec.x": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
    ],
    [
      "a toleration that tolerates nothing",
      { tolerations: [{ operator: "Equal", value: "x" }] },
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
    [
      "a node affinity without terms",
      {
        affinity: {
          nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } },
        },
      },
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term",
    ],
    [
      "a device without a limit",
      { containers: [{ ...container, resources: { requests: { "example.com/gpu": "1" } } }] },
      "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
    ],
    [
      "a user id that is none",
      { securityContext: { runAsUser: -1 } },
      "spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive",
    ],
    [
      "DNS by nobody",
      { dnsPolicy: "None" },
      "spec.dnsConfig: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None",
    ],
  ];
  for (const [name, spec, expected] of wrong) {
    it(`refuses ${name}`, () => assert.deepEqual(lines(validatePod(read(podOf(spec)))), [expected]));
  }
});

describe("validatePodUpdate", () => {
  const change = (edit: (spec: Mutable<PodSpec>) => void, before: Loose = {}): string[] => {
    const old = podOf(before);
    const next = structuredClone(old);
    edit(next.spec as Mutable<PodSpec>);
    defaultPod(next);
    return lines(validatePodUpdate(read(next), read(old)));
  };
  it("lets images, added tolerations and shorter deadlines change", () => {
    const found = change(
      (spec) => {
        (spec.containers[0] as { image?: string }).image = "other";
        spec.tolerations = [{ operator: "Exists" }];
        spec.activeDeadlineSeconds = 5;
      },
      { activeDeadlineSeconds: 10 },
    );
    assert.deepEqual(found, []);
  });
  it("refuses everything else and names it", () => {
    const [found] = change((spec) => {
      spec.hostname = "x";
    });
    assert.match(
      found ?? "",
      /^spec: Forbidden: pod updates may not change fields other than `spec.containers\[\*\].image`/,
    );
    assert.match(found ?? "", /\n {2}spec.hostname$/);
  });
  it("refuses to take tolerations away", () => {
    const found = change(
      (spec) => {
        spec.tolerations = [];
      },
      { tolerations: [{ key: "a", operator: "Exists" }] },
    );
    assert.match(found[0] ?? "", /existing toleration can not be modified/);
  });
  it("refuses more containers", () => {
    assert.match(
      change((s) => s.containers.push({ ...container, name: "d" }))[0] ?? "",
      /may not add or remove containers/,
    );
  });
});

it("podSpecWarnings name what is hidden or given twice", () => {
  const env = [
    { name: "A", value: "1" },
    { name: "A", value: "2" },
    { name: "B", value: "1" },
    { name: "B", value: "$(B)2" },
  ];
  const ports = [{ containerPort: 80 }, { containerPort: 80 }];
  const { spec } = read(podOf({ containers: [{ ...container, env, ports }] }));
  assert.deepEqual(podSpecWarnings("spec", spec), [
    'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]",
  ]);
});

describe("qosClassOf", () => {
  const classOf = (resources?: object): string =>
    qosClassOf(read(podOf({ containers: [{ ...container, ...(resources === undefined ? {} : { resources }) }] })));
  it("tells the three classes apart", () => {
    assert.equal(classOf(), "BestEffort");
    assert.equal(classOf({ requests: { cpu: "1" } }), "Burstable");
    assert.equal(classOf({ limits: { cpu: "1", memory: "1Gi" } }), "Guaranteed");
    assert.equal(classOf({ limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } }), "Burstable");
  });
});

describe("summarizePod", () => {
  const summary = (status: object, spec: Loose = {}, meta: object = {}): string => {
    const pod = podOf(spec, { status });
    Object.assign(pod.metadata, meta);
    const { ready, total, reason, restarts } = summarizePod(read(pod));
    return `${ready}/${total} ${reason} ${restarts}`;
  };
  const state = (rest: object): object => ({ name: "c", ready: false, restartCount: 0, ...rest });
  const init: Loose = { initContainers: [{ name: "i", image: "x" }] };
  const cases: [string, string, () => string][] = [
    ["a new pod", "0/1 Pending 0", () => summary({ phase: "Pending" })],
    [
      "a running one",
      "1/1 Running 2",
      () =>
        summary({
          phase: "Running",
          containerStatuses: [state({ ready: true, restartCount: 2, state: { running: {} } })],
        }),
    ],
    [
      "a crashing one",
      "0/1 CrashLoopBackOff 3",
      () =>
        summary({
          phase: "Running",
          containerStatuses: [state({ restartCount: 3, state: { waiting: { reason: "CrashLoopBackOff" } } })],
        }),
    ],
    [
      "one that waits for an init container",
      "0/1 Init:0/1 0",
      () => summary({ phase: "Pending", initContainerStatuses: [state({ name: "i", state: { running: {} } })] }, init),
    ],
    [
      "one whose init container failed",
      "0/1 Init:Error 1",
      () =>
        summary(
          {
            phase: "Pending",
            initContainerStatuses: [
              state({ name: "i", restartCount: 1, state: { terminated: { exitCode: 1, reason: "Error" } } }),
            ],
          },
          init,
        ),
    ],
    [
      "a finished one",
      "0/1 Completed 0",
      () =>
        summary({
          phase: "Succeeded",
          containerStatuses: [state({ state: { terminated: { exitCode: 0, reason: "Completed" } } })],
        }),
    ],
    [
      "one that ends",
      "1/1 Terminating 0",
      () =>
        summary(
          { phase: "Running", containerStatuses: [state({ ready: true, state: { running: {} } })] },
          {},
          { deletionTimestamp: "2026-01-01T00:00:00Z" },
        ),
    ],
  ];
  for (const [name, expected, actual] of cases)
    it(`shows ${name} as ${expected}`, () => assert.equal(actual(), expected));
});
