// What may change in a pod: by an update, by /resize, by /ephemeralcontainers and by /status.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FieldError } from "#pkg/errors/index.ts";
import type { Mutable } from "../resource-ref.ts";
import type { Pod, PodStatus } from "../types/core-v1.ts";
import { validateEphemeralContainersUpdate } from "./ephemeral-containers-update.ts";
import { defaultPod } from "./pod-defaults.ts";
import { mergeLabelKeys } from "./pod-label-keys.ts";
import { qosClassOf } from "./pod-resources.ts";
import { resizedSpec, validatePodResize } from "./pod-resize-validation.ts";
import { validatePodUpdate } from "./pod-update-validation.ts";
import { validatePod, validatePodStatusUpdate } from "./pod-validation.ts";

type Loose = Record<string, unknown>;
const container = { name: "c", image: "i" };
function podOf(spec: Loose = {}, metadata: Loose = {}, status: Loose = {}): Pod {
  const pod = structuredClone({
    metadata: { name: "p", ...metadata },
    spec: { containers: [container], ...spec },
    status,
  }) as unknown as Mutable<Pod>;
  defaultPod(pod);
  pod.status = { qosClass: qosClassOf(pod as unknown as Pod), ...status } as Mutable<PodStatus>;
  return pod as unknown as Pod;
}
const lines = (errors: readonly FieldError[]): string[] => errors.map((e) => `${e.field}: ${e.message}`);

describe("validatePodUpdate", () => {
  const gates = [{ name: "a" }, { name: "b" }];
  const terms = (...values: string[]) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: values.map((value) => ({
          matchExpressions: [{ key: "k", operator: "In", values: [value] }],
        })),
      },
    },
  });
  const cases: [string, Loose, Loose, string[]][] = [
    ["fewer gates", { schedulingGates: gates }, { schedulingGates: [gates[1]] }, []],
    [
      "another gate",
      { schedulingGates: gates },
      { schedulingGates: [...gates, { name: "x" }] },
      ["spec.schedulingGates[2]: Forbidden: only deletion is allowed, but found new scheduling gate 'x'"],
    ],
    [
      "a node selector that narrows a gated pod",
      { schedulingGates: gates, nodeSelector: { a: "b" } },
      { schedulingGates: gates, nodeSelector: { a: "b", c: "d" } },
      [],
    ],
    [
      "a node selector that moves a gated pod",
      { schedulingGates: gates, nodeSelector: { a: "b" } },
      { schedulingGates: gates, nodeSelector: { a: "c" } },
      [
        'spec.nodeSelector: Invalid value: {"a":"c"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ],
    ],
    [
      "a node affinity for a gated pod that has none",
      { schedulingGates: gates },
      { schedulingGates: gates, affinity: terms("a") },
      [],
    ],
    [
      "one more node affinity term of a gated pod",
      { schedulingGates: gates, affinity: terms("a") },
      { schedulingGates: gates, affinity: terms("a", "b") },
      [
        `spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Invalid value: ${JSON.stringify(terms("a", "b").nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms)}: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
      ],
    ],
    [
      "a longer deadline",
      { activeDeadlineSeconds: 5 },
      { activeDeadlineSeconds: 6 },
      ["spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"],
    ],
    [
      "a grace period of 1 for one below 0",
      { terminationGracePeriodSeconds: -1 },
      { terminationGracePeriodSeconds: 1 },
      [],
    ],
  ];
  for (const [name, before, after, expected] of cases)
    it(`${expected.length === 0 ? "takes" : "refuses"} ${name}`, () => {
      assert.deepEqual(lines(validatePodUpdate(podOf(after), podOf(before))), expected);
    });
});

describe("validatePodResize", () => {
  const withResources = (resources: Loose, more: Loose = {}): Loose => ({
    containers: [{ ...container, resources, ...more }],
  });
  const old = withResources({ requests: { cpu: "1" }, limits: { cpu: "2" } });
  const resize = (before: Loose, after: Loose, metadata: Loose = {}, status: Loose = {}): string[] => {
    const was = podOf(before, metadata, status);
    const spec = resizedSpec(podOf(after).spec, was.spec);
    return lines(validatePodResize({ ...was, spec }, was));
  };
  const cases: [string, string[], () => string[]][] = [
    ["more cpu", [], () => resize(old, withResources({ requests: { cpu: "2" }, limits: { cpu: "3" } }))],
    [
      "a removed limit",
      ["spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed"],
      () => resize(old, withResources({ requests: { cpu: "1" } })),
    ],
    [
      "another QoS class",
      ['spec: Invalid value: "BestEffort": Pod QOS Class may not change as a result of resizing'],
      () => resize({}, withResources({ requests: { cpu: "1" } })),
    ],
    [
      "another policy",
      ["spec: Forbidden: only cpu and memory resources are mutable"],
      () =>
        resize(
          old,
          withResources(
            { requests: { cpu: "1" }, limits: { cpu: "2" } },
            { resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }] },
          ),
        ),
    ],
    [
      "other resources",
      ["spec: Forbidden: only cpu and memory resources are mutable"],
      () => resize(old, withResources({ requests: { cpu: "1", "ephemeral-storage": "1Gi" }, limits: { cpu: "2" } })),
    ],
    [
      "a static pod",
      [": Forbidden: static pods cannot be resized"],
      () => resize(old, old, { annotations: { "kubernetes.io/config.mirror": "x" } }),
    ],
    [
      "a node that does not say what containers have",
      ["spec: Forbidden: Pod running on node without support for resize"],
      () => resize(old, old, {}, { containerStatuses: [{ name: "c", state: { running: {} } }] }),
    ],
    [
      "one more container",
      ["spec: Forbidden: only cpu and memory resources are mutable"],
      () => resize(old, { containers: [container, { ...container, name: "d" }] }),
    ],
  ];
  for (const [name, expected, actual] of cases)
    it(`${expected.length === 0 ? "takes" : "refuses"} ${name}`, () => assert.deepEqual(actual(), expected));
});

describe("validateEphemeralContainersUpdate", () => {
  const debug = { name: "d", image: "busybox" };
  const add = (containers: Loose[], before: Loose[] = []): string[] =>
    lines(
      validateEphemeralContainersUpdate(
        podOf({ ephemeralContainers: containers, volumes: [{ name: "v" }] }),
        podOf({ ephemeralContainers: before, volumes: [{ name: "v" }] }),
      ),
    );
  const cases: [string, Loose[], string[]][] = [
    ["one that looks at another", [{ ...debug, targetContainerName: "c" }], []],
    [
      "a target that is not there",
      [{ ...debug, targetContainerName: "x" }],
      ['spec.ephemeralContainers[0].targetContainerName: Not found: "x"'],
    ],
    ["a name of another", [{ ...debug, name: "c" }], ['spec.ephemeralContainers[0].name: Duplicate value: "c"']],
    [
      "ports, probes and resources",
      [{ ...debug, ports: [{ containerPort: 1 }], lifecycle: { preStop: { sleep: { seconds: 1 } } } }],
      [
        "spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container",
        "spec.ephemeralContainers[0].lifecycle: Forbidden: cannot be set for an Ephemeral Container",
      ],
    ],
    [
      "a part of a volume",
      [{ ...debug, volumeMounts: [{ name: "v", mountPath: "/v", subPath: "s" }] }],
      ["spec.ephemeralContainers[0].volumeMounts[0].subPath: Forbidden: cannot be set for an Ephemeral Container"],
    ],
  ];
  for (const [name, containers, expected] of cases)
    it(`${expected.length === 0 ? "takes" : "refuses"} ${name}`, () => assert.deepEqual(add(containers), expected));
  it("keeps what is there", () => {
    assert.deepEqual(add([], [debug]), [
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be removed\n',
    ]);
    assert.deepEqual(add([{ ...debug, image: "x:1" }], [debug]), [
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be changed\n',
    ]);
  });
});

describe("validatePodStatusUpdate", () => {
  const ended = { name: "c", state: { terminated: { exitCode: 1 } } };
  const again = { name: "c", state: { running: {} } };
  const change = (spec: Loose, before: Loose, after: Loose): string[] =>
    lines(validatePodStatusUpdate(podOf(spec, {}, after), podOf(spec, {}, before)));
  const NOT_AGAIN = "Forbidden: may not be transitioned to non-terminated state";
  it("lets only those containers run again that may", () => {
    const was = { containerStatuses: [ended] };
    const now = { containerStatuses: [again] };
    assert.deepEqual(change({ restartPolicy: "Never" }, was, now), [`status.containerStatuses[0].state: ${NOT_AGAIN}`]);
    assert.deepEqual(change({ restartPolicy: "OnFailure" }, was, now), []);
    assert.deepEqual(change({}, was, now), []);
    const debug = [{ name: "c", image: "x", state: undefined }];
    assert.deepEqual(
      change(
        { ephemeralContainers: debug },
        { ephemeralContainerStatuses: [ended] },
        { ephemeralContainerStatuses: [again] },
      ),
      [`status.ephemeralContainerStatuses[0].state: ${NOT_AGAIN}`],
    );
  });
  it("checks addresses, conditions and the QoS class", () => {
    assert.deepEqual(change({}, {}, { podIPs: [{ ip: "10.0.0.1" }, { ip: "10.0.0.2" }] }), [
      'status.podIPs: Invalid value: [{"ip":"10.0.0.1"},{"ip":"10.0.0.2"}]: may specify no more than one IP for each IP family',
    ]);
    assert.match(change({}, {}, { conditions: [{ type: "a b" }] })[0] ?? "", /^metadata.conditions\[0\].Type: Invalid/);
    assert.deepEqual(change({}, {}, { qosClass: "Guaranteed" }), [
      'status.qosClass: Invalid value: "Guaranteed": field is immutable',
    ]);
  });
});

it("validatePod reads the annotations that mean something", () => {
  const annotations = {
    "controller.kubernetes.io/pod-deletion-cost": "+1",
    "container.apparmor.security.beta.kubernetes.io/x": "y",
    "kubernetes.io/config.mirror": "m",
  };
  assert.deepEqual(lines(validatePod(podOf({}, { annotations }))), [
    'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "m": must set spec.nodeName if mirror pod annotation is set',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "x": container not found',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/x]: Invalid value: "y": invalid AppArmor profile name: "y"',
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
  ]);
});

it("mergeLabelKeys puts a pod's own labels into its terms", () => {
  const term = { topologyKey: "t", labelSelector: {}, matchLabelKeys: ["v", "absent"], mismatchLabelKeys: ["tenant"] };
  const pod = podOf(
    { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
    { labels: { v: "1", tenant: "x" } },
  ) as Mutable<Pod>;
  mergeLabelKeys(pod);
  assert.deepEqual(
    pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.[0]?.labelSelector
      ?.matchExpressions,
    [
      { key: "v", operator: "In", values: ["1"] },
      { key: "tenant", operator: "NotIn", values: ["x"] },
    ],
  );
});
