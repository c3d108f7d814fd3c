import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import type { Probe } from "#pkg/api/types/core-v1.ts";
import { until } from "#pkg/async/index.ts";
import { createClient, EventRecorder } from "#pkg/client/index.ts";
import type { CriClient } from "#pkg/cri/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { PodEvents } from "../pod-events.ts";
import { nothingObserved } from "../runtime/observed-pod.ts";
import { testContainer, testInstance, testObserved, testPod, testSandbox } from "../runtime/testing.ts";
import { ProbeManager } from "./probe-manager.ts";
import { Prober } from "./prober.ts";

const log = createLogger("silent");
const quick = { periodSeconds: 0.01, failureThreshold: 1 };
const soon = { timeoutMs: 15_000, intervalMs: 1 };

describe("ProbeManager", () => {
  let server: Server;
  let healthy = true;
  let port = 0;
  const messages: string[] = [];
  const client = createClient({
    request: async ({ body }) => {
      messages.push((body as { message: string }).message);
      return { metadata: { name: "e" } };
    },
    watch: async function* () {},
    close: async () => undefined,
  });
  const manager = (changed: (uid: string) => void): ProbeManager =>
    new ProbeManager({
      prober: new Prober({ cri: {} as CriClient }),
      events: new PodEvents({ recorder: new EventRecorder({ client, log, component: "kubelet" }) }),
      changed,
      hostIPs: [],
      log,
    });
  before(async () => {
    server = createServer((_, response) => response.writeHead(healthy ? 200 : 500).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  after(() => server.close());

  const http = (): Probe => ({ ...quick, httpGet: { path: "/", port } });
  const running = (probes: object) => {
    const pod = testPod({ containers: [testContainer("c", probes)] });
    return { pod, observed: testObserved([testInstance(pod, "c", "running")], [testSandbox({ ips: ["127.0.0.1"] })]) };
  };

  it("counts a container without probes as started and ready", async () => {
    const probes = manager(() => undefined);
    const { pod, observed } = running({});
    probes.sync(pod, observed);
    assert.deepEqual([probes.started("c0"), probes.ready("c0"), probes.failed("c0")], [true, true, undefined]);
    await probes.close();
  });

  it("is ready after the first success and not after a failure, each told at once", async () => {
    const told: string[] = [];
    const probes = manager((uid) => told.push(uid));
    const { pod, observed } = running({ readinessProbe: http() });
    probes.sync(pod, observed);
    assert.equal(probes.ready("c0"), false);
    await until(() => probes.ready("c0"), soon);
    healthy = false;
    await until(() => !probes.ready("c0"), soon);
    assert.deepEqual(told, ["u", "u"]);
    healthy = true;
    await until(() => messages.includes("Readiness probe failed: HTTP probe failed with statuscode: 500"), soon);
    await probes.close();
  });

  it("lets liveness wait for the startup probe, and reports its failure", async () => {
    healthy = false;
    const probes = manager(() => undefined);
    const startupProbe = { ...http(), failureThreshold: 1000 };
    const { pod, observed } = running({ livenessProbe: http(), startupProbe });
    probes.sync(pod, observed);
    await until(() => messages.some((message) => message.startsWith("Startup")), soon);
    assert.deepEqual([probes.started("c0"), probes.failed("c0")], [false, undefined]);
    healthy = true;
    await until(() => probes.started("c0"), soon);
    healthy = false;
    await until(() => probes.failed("c0") === "liveness", soon);
    healthy = true;
    await probes.close();
  });

  it("forgets an instance that has ended", async () => {
    const probes = manager(() => undefined);
    const { pod, observed } = running({ readinessProbe: http() });
    probes.sync(pod, observed);
    await until(() => probes.ready("c0"), soon);
    probes.sync(pod, nothingObserved("u"));
    probes.sync(pod, observed);
    assert.equal(probes.ready("c0"), false);
    await probes.close();
  });
});
