import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ConfigMap, Container, Secret, Service } from "#pkg/api/types/core-v1.ts";
import { containerEnv, type EnvSources } from "./env.ts";
import { testContainer, testMeta, testPod } from "./testing.ts";
import { PodError } from "./types.ts";

const maps: Record<string, ConfigMap> = {
  "ns/conf": { metadata: testMeta("ns", "conf"), data: { color: "red", "bad=name": "x" } } as ConfigMap,
};
const secrets: Record<string, Secret> = {
  "ns/key": { metadata: testMeta("ns", "key"), data: { pass: btoa("s3cret") } } as Secret,
};
const kubernetes = {
  metadata: testMeta("default", "kubernetes"),
  spec: { clusterIP: "10.43.0.1", ports: [{ name: "https", port: 443, protocol: "TCP" }] },
} as Service;
const redis = {
  metadata: testMeta("ns", "redis-a"),
  spec: { clusterIP: "10.43.0.7", ports: [{ port: 6379, protocol: "TCP" }] },
} as Service;

const env = async (
  container: Partial<Container>,
  sources: Partial<EnvSources> = {},
  spec: Parameters<typeof testPod>[0] = {},
): Promise<Record<string, string>> => {
  const made = testContainer(container);
  const pod = testPod(
    { containers: [made], nodeName: "n1", serviceAccountName: "sa", ...spec },
    { labels: { a: "b" } },
  );
  const map = await containerEnv(pod, made, {
    objects: {
      configMap: async (namespace, name) => maps[`${namespace}/${name}`],
      secret: async (namespace, name) => secrets[`${namespace}/${name}`],
    },
    services: [],
    podIPs: ["10.42.0.5", "fd00::5"],
    hostIPs: ["192.168.0.2"],
    allocatable: { cpu: "2", memory: "4Gi" },
    readVolumeFile: async () => undefined,
    onInvalidNames: () => undefined,
    ...sources,
  });
  return Object.fromEntries(map);
};

describe("containerEnv", () => {
  it("expands earlier variables and leaves later ones alone", async () => {
    assert.deepEqual(
      await env({
        env: [
          { name: "A", value: "1" },
          { name: "B", value: "$(A) $(C) $$(A)" },
          { name: "C", value: "3" },
        ],
      }),
      { A: "1", B: "1 $(C) $(A)", C: "3" },
    );
  });

  it("gives the pod's fields", async () => {
    const paths = [
      "metadata.name",
      "metadata.labels['a']",
      "spec.nodeName",
      "status.podIP",
      "status.podIPs",
      "status.hostIP",
    ];
    const got = await env({
      env: paths.map((fieldPath, i) => ({ name: `V${i}`, valueFrom: { fieldRef: { fieldPath } } })),
    });
    assert.deepEqual(Object.values(got), ["web", "b", "n1", "10.42.0.5", "10.42.0.5,fd00::5", "192.168.0.2"]);
  });

  it("gives resources in units of the divisor, and the node's where there is no limit", async () => {
    const ref = (name: string, resource: string, divisor?: string) => ({
      name,
      valueFrom: { resourceFieldRef: { resource, ...(divisor === undefined ? {} : { divisor }) } },
    });
    assert.deepEqual(
      await env({
        resources: { requests: { cpu: "250m" }, limits: { memory: "64Mi" } },
        env: [
          ref("CPU", "requests.cpu"),
          ref("MILLI", "requests.cpu", "1m"),
          ref("MEM", "limits.memory", "1Mi"),
          ref("NODE", "limits.cpu"),
        ],
      }),
      { CPU: "1", MILLI: "250", MEM: "64", NODE: "2" },
    );
  });

  it("reads config maps and secrets, whole and by key, and says which names it left out", async () => {
    const said: string[] = [];
    const got = await env(
      {
        envFrom: [{ configMapRef: { name: "conf" }, prefix: "P_" }, { secretRef: { name: "none", optional: true } }],
        env: [
          { name: "COLOR", valueFrom: { configMapKeyRef: { name: "conf", key: "color" } } },
          { name: "PASS", valueFrom: { secretKeyRef: { name: "key", key: "pass" } } },
          { name: "GONE", valueFrom: { secretKeyRef: { name: "key", key: "none", optional: true } } },
        ],
      },
      { onInvalidNames: (message) => said.push(message) },
    );
    assert.deepEqual(got, { P_color: "red", COLOR: "red", PASS: "s3cret" });
    assert.match(said.join(), /Keys \[bad=name\] from the EnvFrom configMap ns\/conf were skipped/);
  });

  for (const [what, container, message] of [
    ["config map", { envFrom: [{ configMapRef: { name: "x" } }] }, 'configmap "x" not found'],
    ["secret", { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "x", key: "k" } } }] }, 'secret "x" not found'],
    [
      "key",
      { env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "conf", key: "k" } } }] },
      "couldn't find key k in ConfigMap ns/conf",
    ],
  ] as const) {
    it(`rejects with upstream's words when a ${what} is missing`, async () => {
      await assert.rejects(
        env(container),
        (err: unknown) =>
          err instanceof PodError && err.waiting === "CreateContainerConfigError" && err.message === message,
      );
    });
  }

  it("links the namespace's Services, and only kubernetes when links are off", async () => {
    const services = [kubernetes, redis];
    const all = await env({}, { services });
    assert.equal(all["REDIS_A_PORT_6379_TCP_ADDR"], "10.43.0.7");
    assert.equal(all["REDIS_A_PORT"], "tcp://10.43.0.7:6379");
    assert.equal(all["KUBERNETES_SERVICE_PORT_HTTPS"], "443");
    const off = await env({}, { services }, { enableServiceLinks: false });
    assert.equal(off["REDIS_A_SERVICE_HOST"], undefined);
    assert.equal(off["KUBERNETES_SERVICE_HOST"], "10.43.0.1");
  });
});
