import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DefaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { LimitRanger } from "./limit-ranger.ts";
import { Priority } from "./priority.ts";
import { RuntimeClass } from "./runtime-class.ts";
import { ServiceAccount } from "./service-account.ts";
import { pod, readerOf, type Sketch, write } from "./testing.ts";

const named = (name: string, rest: object = {}): Sketch => ({ metadata: { name, namespace: "ns" }, ...rest });
const cluster = (name: string, rest: object = {}): Sketch => ({ metadata: { name }, ...rest });

describe("ServiceAccount", () => {
  it("gives the default account and a token volume in every container", async () => {
    const p = pod({ initContainers: [{ name: "i" }] });
    const reader = readerOf({ serviceaccounts: [named("default", { imagePullSecrets: [{ name: "pull" }] })] });
    await new ServiceAccount({ reader }).admit(write({ object: p }));
    assert.equal(p.spec.serviceAccountName, "default");
    assert.equal(p.spec.serviceAccount, "default");
    assert.match(p.spec.volumes[0].name, /^kube-api-access-[a-z0-9]{5}$/);
    for (const c of [p.spec.containers[0], p.spec.initContainers[0]]) {
      assert.deepEqual(c.volumeMounts, [
        { name: p.spec.volumes[0].name, readOnly: true, mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" },
      ]);
    }
    assert.deepEqual(p.spec.imagePullSecrets, [{ name: "pull" }]);
  });

  it("leaves a volume without a name to validation", async () => {
    const p = pod({ volumes: [{ emptyDir: {} }] });
    await new ServiceAccount({ reader: readerOf({ serviceaccounts: [named("default")] }) }).admit(write({ object: p }));
    assert.equal(p.spec.volumes.length, 2);
  });

  it("mounts no token when pod or account say so", async () => {
    const reader = readerOf({ serviceaccounts: [named("default", { automountServiceAccountToken: false })] });
    const plugin = new ServiceAccount({ reader });
    const p = pod();
    await plugin.admit(write({ object: p }));
    assert.equal(p.spec.volumes, undefined);
    const own = pod({ automountServiceAccountToken: true });
    await plugin.admit(write({ object: own }));
    assert.equal(own.spec.volumes.length, 1);
  });

  it("refuses an account that is not there", async () => {
    const plugin = new ServiceAccount({ reader: readerOf({}) });
    await assert.rejects(async () => plugin.admit(write({ object: pod({ serviceAccountName: "x" }) })), {
      code: 403,
      message: 'pods "p" is forbidden: error looking up service account ns/x: serviceaccount "x" not found',
    });
  });

  it("waits for the default account of a new namespace", async () => {
    const objects: Record<string, Sketch[]> = {};
    const reader = readerOf(objects);
    const admitted = new ServiceAccount({ reader }).admit(write({ object: pod() }));
    objects.serviceaccounts = [named("default")];
    reader.changed("serviceaccounts");
    await admitted;
  });
});

describe("Priority", () => {
  const reader = readerOf({
    "scheduling.k8s.io/priorityclasses": [
      cluster("high", { value: 1000, preemptionPolicy: "Never" }),
      cluster("usual", { value: 10, globalDefault: true }),
    ],
  });
  const plugin = new Priority({ reader });

  it("sets priority and policy from the class, or the default class", async () => {
    const p = pod({ priorityClassName: "high" });
    await plugin.admit(write({ object: p }));
    assert.deepEqual([p.spec.priority, p.spec.preemptionPolicy], [1000, "Never"]);
    const q = pod();
    await plugin.admit(write({ object: q }));
    assert.deepEqual([q.spec.priorityClassName, q.spec.priority], ["usual", 10]);
  });

  it("refuses unknown classes, numbers of one's own and a second default", async () => {
    await assert.rejects(async () => plugin.admit(write({ object: pod({ priorityClassName: "x" }) })), {
      message: 'pods "p" is forbidden: no PriorityClass with name x was found',
    });
    await assert.rejects(
      async () => plugin.admit(write({ object: pod({ priority: 7 }) })),
      /must not be provided in pod spec/,
    );
    const second = write({
      resource: "scheduling.k8s.io/priorityclasses",
      object: cluster("other", { value: 5, globalDefault: true }),
    });
    await assert.rejects(async () => plugin.validate(second), /PriorityClass usual is already marked as default/);
  });
});

describe("DefaultTolerationSeconds", () => {
  it("adds what the pod does not tolerate itself", async () => {
    const p = pod({ tolerations: [{ key: "node.kubernetes.io/not-ready", operator: "Exists" }] });
    await new DefaultTolerationSeconds().admit(write({ object: p }));
    assert.deepEqual(
      p.spec.tolerations.map((t: { key: string; tolerationSeconds?: number }) => [t.key, t.tolerationSeconds]),
      [
        ["node.kubernetes.io/not-ready", undefined],
        ["node.kubernetes.io/unreachable", 300],
      ],
    );
  });
});

describe("LimitRanger", () => {
  const reader = readerOf({
    limitranges: [
      named("l", {
        spec: {
          limits: [
            { type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: "100m" }, max: { cpu: "1" } },
            { type: "Pod", max: { cpu: "2" } },
          ],
        },
      }),
    ],
  });
  const plugin = new LimitRanger({ reader });

  it("fills in requests and limits and says so", async () => {
    const p = pod();
    await plugin.admit(write({ object: p }));
    assert.deepEqual(p.spec.containers[0].resources, { requests: { cpu: "100m" }, limits: { cpu: "500m" } });
    assert.equal(
      p.metadata.annotations["kubernetes.io/limit-ranger"],
      "LimitRanger plugin set: cpu request for container c; cpu limit for container c",
    );
  });

  it("refuses what is above the maximum of a container or of the pod", async () => {
    const big = { name: "c", resources: { requests: { cpu: "1500m" }, limits: { cpu: "1500m" } } };
    await assert.rejects(async () => plugin.validate(write({ object: pod({ containers: [big] }) })), {
      message: 'pods "p" is forbidden: maximum cpu usage per Container is 1, but limit is 1500m',
    });
    const one = { resources: { requests: { cpu: "1" }, limits: { cpu: "1" } } };
    const three = [1, 2, 3].map((n) => ({ name: `c${n}`, ...one }));
    await assert.rejects(
      async () => plugin.validate(write({ object: pod({ containers: three }) })),
      /per Pod is 2, but limit is 3/,
    );
  });
});

describe("RuntimeClass", () => {
  const reader = readerOf({
    "node.k8s.io/runtimeclasses": [
      cluster("vm", {
        handler: "vm",
        overhead: { podFixed: { cpu: "250m" } },
        scheduling: { nodeSelector: { vm: "yes" }, tolerations: [{ key: "vm" }] },
      }),
    ],
  });
  const plugin = new RuntimeClass({ reader });

  it("adds overhead, selector and tolerations", async () => {
    const p = pod({ runtimeClassName: "vm" });
    await plugin.admit(write({ object: p }));
    assert.deepEqual(p.spec.overhead, { cpu: "250m" });
    assert.deepEqual(p.spec.nodeSelector, { vm: "yes" });
    assert.deepEqual(p.spec.tolerations, [{ key: "vm" }]);
  });
  it("refuses an unknown class and overhead of one's own", async () => {
    await assert.rejects(
      async () => plugin.admit(write({ object: pod({ runtimeClassName: "x" }) })),
      /RuntimeClass "x" not found/,
    );
    await assert.rejects(
      async () => plugin.admit(write({ object: pod({ overhead: { cpu: "1" } }) })),
      /Pod Overhead set without/,
    );
  });
});
