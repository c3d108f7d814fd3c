import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readerOf, write } from "../testing.ts";
import { detailText, violations } from "./evaluate.ts";
import { type Level, policyOf } from "./policy.ts";
import { PodSecurity } from "./pod-security.ts";

type Loose = Record<string, unknown>;
const GOOD = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  runAsNonRoot: true,
  seccompProfile: { type: "RuntimeDefault" },
};
const podOf = (spec: Loose, container: Loose = {}): never =>
  ({ metadata: {}, spec: { containers: [{ name: "c", image: "i", ...container }], ...spec } }) as never;
const secure = (context: Loose): Loose => ({ securityContext: context });

const TABLE: readonly (readonly [Level, pod: never, expected: string, minor?: number])[] = [
  ["baseline", podOf({}), ""],
  ["baseline", podOf({ hostNetwork: true, hostIPC: true }), "host namespaces (hostNetwork=true, hostIPC=true)"],
  ["baseline", podOf({ volumes: [{ name: "v", hostPath: {} }] }), 'hostPath volumes (volume "v")'],
  [
    "baseline",
    podOf({}, { ports: [{ hostPort: 80 }, { hostPort: 81 }] }),
    'hostPort (container "c" uses hostPorts 80, 81)',
  ],
  [
    "baseline",
    podOf({}, secure({ privileged: true })),
    'privileged (container "c" must not set securityContext.privileged=true)',
  ],
  [
    "baseline",
    podOf({}, secure({ capabilities: { add: ["NET_ADMIN", "CHOWN"] } })),
    'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    "baseline",
    podOf({}, secure({ procMount: "Unmasked" })),
    'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
  ],
  ["baseline", podOf({ hostUsers: false }, secure({ procMount: "Unmasked" })), ""],
  [
    "baseline",
    podOf(secure({ seLinuxOptions: { type: "bad", user: "u" } }), secure({ seLinuxOptions: { role: "r" } })),
    'seLinuxOptions (pod and container "c" set forbidden securityContext.seLinuxOptions: type "bad"; user may not be set; role may not be set)',
  ],
  [
    "baseline",
    podOf(secure({ seccompProfile: { type: "Unconfined" } })),
    'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    "baseline",
    podOf(secure({ sysctls: [{ name: "net.ipv4.tcp_rmem" }, { name: "kernel.msgmax" }] })),
    "forbidden sysctls (kernel.msgmax)",
  ],
  [
    "baseline",
    podOf(secure({ sysctls: [{ name: "net.ipv4.tcp_rmem" }] })),
    "forbidden sysctls (net.ipv4.tcp_rmem)",
    31,
  ],
  [
    "baseline",
    podOf({}, secure({ windowsOptions: { hostProcess: true } })),
    'hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    "baseline",
    podOf({}, secure({ appArmorProfile: { type: "Unconfined" } })),
    'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined")',
  ],
  [
    "baseline",
    podOf({}, { livenessProbe: { httpGet: { host: "127.0.0.1" } } }),
    'probe or lifecycle host (container "c" uses probe or lifecycle host "127.0.0.1")',
  ],
  ["baseline", podOf({}, { livenessProbe: { httpGet: { host: "127.0.0.1" } } }), "", 33],
  [
    "restricted",
    podOf({}),
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  ["restricted", podOf({}, secure(GOOD)), ""],
  [
    "restricted",
    podOf(
      {
        volumes: [
          { name: "v", hostPath: {} },
          { name: "w", nfs: {} },
          { name: "x", emptyDir: {} },
        ],
      },
      secure(GOOD),
    ),
    'restricted volume types (volumes "v", "w" use restricted volume types "hostPath", "nfs")',
  ],
  [
    "restricted",
    podOf(secure({ runAsNonRoot: false, runAsUser: 0 }), secure(GOOD)),
    "runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)",
  ],
  [
    "restricted",
    podOf({}, secure({ ...GOOD, capabilities: { drop: ["ALL"], add: ["CHOWN", "NET_BIND_SERVICE"] } })),
    'unrestricted capabilities (container "c" must not include "CHOWN" in securityContext.capabilities.add)',
  ],
  ["restricted", podOf({ os: { name: "windows" } }, secure({ runAsNonRoot: true })), ""],
  ["privileged", podOf({ hostNetwork: true }), ""],
];

describe("violations", () => {
  for (const [level, pod, expected, minor = Infinity] of TABLE) {
    it(`finds ${expected.slice(0, 60) || `nothing at ${level}`} when asked`, () =>
      assert.equal(detailText(violations(pod, { level, minor })), expected));
  }
});

describe("policyOf", () => {
  const of = (labels: Record<string, string>) =>
    policyOf(
      Object.fromEntries(Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value])),
    );
  it("warns about what is enforced when nothing else is asked for", () => {
    const standard = { level: "baseline", minor: 30 };
    assert.deepEqual(of({ enforce: "baseline", "enforce-version": "v1.30" }), { enforce: standard, warn: standard });
    assert.equal(of({ enforce: "baseline", warn: "restricted" }).warn.level, "restricted");
    assert.equal(of({}).enforce.level, "privileged");
    assert.equal(of({ enforce: "nonsense" }).enforce.level, "restricted");
  });
});

describe("PodSecurity", () => {
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const bad = { metadata: { name: "p", namespace: "ns" }, spec: { containers: [{ name: "c", image: "i" }] } };
  const plugin = new PodSecurity({
    reader: readerOf({ namespaces: [{ metadata: { name: "ns", labels } }], pods: [bad] }),
  });
  const warned = (): { warn: (text: string) => void; texts: string[] } => {
    const texts: string[] = [];
    return { texts, warn: (text) => texts.push(text) };
  };

  it("refuses pods that violate what their namespace enforces", async () => {
    await assert.rejects(async () => plugin.validate(write({ object: bad })), {
      code: 403,
      message: /^pods "p" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(/,
    });
    await plugin.validate(write({ object: bad, operation: "UPDATE", old: bad }));
    await plugin.validate(write({ object: bad, operation: "UPDATE", old: bad, subresource: "status" }));
    const image = { ...bad, spec: { containers: [{ name: "c", image: "j" }] } };
    await assert.rejects(async () => plugin.validate(write({ object: image, operation: "UPDATE", old: bad })));
    const debugged = { ...bad, spec: { ...bad.spec, ephemeralContainers: [{ name: "e", image: "x" }] } };
    const debug = { object: debugged, old: bad, operation: "UPDATE", subresource: "ephemeralcontainers" } as const;
    await assert.rejects(async () => plugin.validate(write(debug)));
  });

  it("warns about controllers whose pods would be refused", async () => {
    const { warn, texts } = warned();
    const object = { metadata: { name: "d", namespace: "ns" }, spec: { template: bad } };
    await plugin.validate(write({ resource: "apps/deployments", object, warn }));
    assert.match(texts.join(), /^would violate PodSecurity "restricted:latest": /);
  });

  it("checks labels of namespaces, and names pods that a new level would refuse", async () => {
    const namespace = (more: Record<string, string>) => ({ metadata: { name: "ns", labels: more } });
    const invalidLabel = namespace({ "pod-security.kubernetes.io/enforce": "strict" });
    await assert.rejects(async () => plugin.validate(write({ resource: "namespaces", object: invalidLabel })), {
      code: 422,
      message:
        'Namespace "ns" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
    });
    const { warn, texts } = warned();
    const update = {
      resource: "namespaces",
      operation: "UPDATE",
      object: namespace(labels),
      old: namespace({}),
    } as const;
    await plugin.validate(write({ ...update, warn }));
    assert.deepEqual(texts, [
      'existing pods in namespace "ns" violate the new PodSecurity enforce level "restricted:latest"',
      "p: allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile",
    ]);
  });
});
