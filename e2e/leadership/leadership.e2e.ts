// One scheduler and one controller manager lead among several candidates; killing the leader's process hands over.
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Lease, leases } from "#pkg/api/types/coordination-v1.ts";
import { deployments } from "#pkg/api/types/apps-v1.ts";
import { nodes, pods } from "#pkg/api/types/core-v1.ts";
import { until } from "#pkg/async/index.ts";
import { ControlPlane } from "../lab/index.ts";
import { Candidate } from "./start-candidate.ts";

const LEASES = ["kube-scheduler", "kube-controller-manager"];
const namespace = "default";

describe("leadership", () => {
  let server: ControlPlane;
  const candidates: Candidate[] = [];

  before(async () => {
    server = await ControlPlane.start(["--disable-scheduler", "--disable-controller-manager"]);
    const now = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const node = await server.client.create(nodes, { metadata: { name: "fake" }, spec: {}, status: {} });
    await server.client.updateStatus(nodes, {
      ...node,
      status: {
        allocatable: { cpu: "8", memory: "16Gi", pods: "110" },
        capacity: { cpu: "8", memory: "16Gi", pods: "110" },
        conditions: [{ type: "Ready", status: "True", reason: "KubeletReady", lastHeartbeatTime: now }],
      },
    });
  });
  after(async () => {
    await Promise.all(candidates.map(async (candidate) => await candidate.end("SIGKILL")));
    await server.stop();
  });

  const start = (identity: string, leaseSeconds: number): Candidate => {
    const candidate = new Candidate(server.kubeconfig, identity, leaseSeconds);
    candidates.push(candidate);
    return candidate;
  };
  const lease = async (name: string): Promise<Lease> =>
    await server.client.get(leases, { namespace: "kube-system", name });
  const holders = async (): Promise<(string | undefined)[]> => {
    const { items } = await server.client.list(leases, { namespace: "kube-system" });
    return LEASES.map((name) => items.find((item) => item.metadata.name === name)?.spec.holderIdentity);
  };
  const heldBy = async (identity: string, timeoutMs: number): Promise<boolean> =>
    await until(async () => (await holders()).every((holder) => holder === identity), {
      timeoutMs,
      intervalMs: 20,
      what: `leases held by ${identity}`,
    });
  /** Applies a Deployment, which takes a controller manager to get pods and a scheduler to place them. */
  const deploy = async (name: string): Promise<void> => {
    const labels = { app: name };
    await server.client.create(deployments, {
      metadata: { namespace, name },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "none" }] } },
      },
    });
  };
  const placed = async (name: string, timeoutMs: number): Promise<boolean> =>
    await until(
      async () => {
        const { items } = await server.client.list(pods, { namespace, labelSelector: `app=${name}` });
        return items.length === 2 && items.every((pod) => pod.spec?.nodeName === "fake");
      },
      { timeoutMs, intervalMs: 20, what: `two pods of ${name} bound` },
    );

  it("nobody works without a candidate, and the first one leads", async () => {
    await deploy("first");
    assert.deepEqual(await holders(), [undefined, undefined]);
    start("a", 3);
    await heldBy("a", 15_000);
    await placed("first", 15_000);
  });

  for (const { title, leaseSeconds, limitMs, names } of [
    { title: "a lease of 3 s", leaseSeconds: 3, limitMs: 4_500, names: ["a", "b"] },
    { title: "the real times, 15 s / 10 s / 2 s", leaseSeconds: 15, limitMs: 17_000, names: ["b", "c"] },
  ] as const) {
    it(`hands over from a killed leader with ${title}`, async (t) => {
      const [oldName, newName] = names;
      if (leaseSeconds === 15) {
        // The leader so far goes in good order, and one with the real times takes what it gave back.
        const stopping = candidates.find((candidate) => candidate.identity === oldName) as Candidate;
        await stopping.end("SIGTERM");
        candidates.splice(candidates.indexOf(stopping), 1);
        start(oldName, leaseSeconds);
        await heldBy(oldName, 15_000);
      }
      const leader = candidates.find((candidate) => candidate.identity === oldName) as Candidate;
      const waiting = start(newName, leaseSeconds);
      await waiting.waits();
      await deploy(`${oldName}-leads-${leaseSeconds}`);
      await placed(`${oldName}-leads-${leaseSeconds}`, 10_000);
      assert.deepEqual(await holders(), [oldName, oldName]);
      assert.deepEqual(waiting.terms(), [], "only the leader works");
      const before = await Promise.all(LEASES.map(lease));

      const killedAt = Date.now();
      await leader.end("SIGKILL");
      await deploy(`${newName}-leads-${leaseSeconds}`);
      await heldBy(newName, limitMs);
      const heldMs = Date.now() - killedAt;
      await placed(`${newName}-leads-${leaseSeconds}`, 10_000);
      const workingMs = Date.now() - killedAt;
      t.diagnostic(
        `lease of ${leaseSeconds} s: held by the next after ${heldMs} ms, its work done after ${workingMs} ms`,
      );
      assert.ok(heldMs < limitMs, `${heldMs} ms`);

      assert.deepEqual(waiting.terms().sort(), [...LEASES].sort(), "each became leader once");
      for (const [i, name] of LEASES.entries()) {
        const old = (before[i] as Lease).spec;
        const now = (await lease(name)).spec;
        assert.equal(now.leaseTransitions, (old.leaseTransitions ?? 0) + 1, `${name} changed hands once`);
        const gapMs = Date.parse(now.acquireTime ?? "") - Date.parse(old.renewTime ?? "");
        assert.ok(gapMs >= leaseSeconds * 1000, `${name} was taken ${gapMs} ms after its last renewal, no earlier`);
      }
    });
  }

  it("hands over at once from a leader that is stopped", async (t) => {
    const leader = candidates.find((candidate) => candidate.identity === "c") as Candidate;
    const next = start("d", 15);
    await next.waits();
    const stoppedAt = Date.now();
    assert.equal(await leader.end("SIGTERM"), 0);
    await deploy("stopped");
    await heldBy("d", 5_000);
    await placed("stopped", 5_000);
    t.diagnostic(`stopped leader: the next one's work done after ${Date.now() - stoppedAt} ms`);
  });
});
