import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { events, nodes, persistentvolumeclaims, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import { storageclasses } from "#pkg/api/types/storage-v1.ts";
import { startTestServer, type TestServer } from "#pkg/apiserver/testing.ts";
import { priorityclasses } from "#pkg/api/types/scheduling-v1.ts";
import { until } from "#pkg/async/index.ts";
import { type Client, createClient, EventRecorder } from "#pkg/client/index.ts";
import { createLogger } from "#pkg/log/index.ts";
import { createScheduler } from "./scheduler.ts";
import { testNode, testPod } from "./testing.ts";

const soon = { timeoutMs: 15_000, intervalMs: 5 };

describe("createScheduler", () => {
  let server: TestServer;
  let client: Client;
  let recorder: EventRecorder;
  const stop = new AbortController();
  let running: Promise<void>;

  before(async () => {
    server = await startTestServer();
    client = createClient(server.transport);
    const log = createLogger("silent");
    recorder = new EventRecorder({ client, log, component: "default-scheduler" });
    running = createScheduler({ client, recorder, log, backoff: { initialMs: 20, maxMs: 100 } }).start(stop.signal);
  });
  after(async () => {
    stop.abort();
    await running;
    await recorder.close();
    await server.close();
  });

  const create = async (pod: Pod): Promise<void> => {
    const { name, namespace = "", labels = {} } = pod.metadata;
    await client.create(pods, { ...pod, metadata: { name, namespace, labels } });
  };
  const get = (name: string): Promise<Pod> => client.get(pods, { namespace: "default", name });
  const eventsOf = async (name: string, reason: string): Promise<readonly string[]> => {
    const list = await client.list(events, { namespace: "default" });
    const about = list.items.filter((event) => event.involvedObject.name === name && event.reason === reason);
    return about.map(({ message = "" }) => message);
  };

  it("says why a pod waits, and binds it when a node comes", async () => {
    await create(testPod("waits", { requests: { cpu: "1" } }));
    const waiting = await until(async () => {
      const condition = (await get("waits")).status?.conditions?.find(({ type }) => type === "PodScheduled");
      return condition?.reason === "Unschedulable" && condition;
    }, soon);
    assert.equal(waiting.message, "no nodes available to schedule pods");
    assert.equal(waiting.status, "False");
    await until(async () => (await eventsOf("waits", "FailedScheduling")).length === 1, soon);
    const { metadata, status } = testNode("n1");
    const made = await client.create(nodes, { metadata: { name: "n1", labels: metadata.labels ?? {} }, spec: {} });
    await client.updateStatus(nodes, { ...made, status: { ...made.status, ...status } });
    const bound = await until(async () => {
      const pod = await get("waits");
      return pod.spec.nodeName !== undefined && pod;
    }, soon);
    assert.equal(bound.spec.nodeName, "n1");
    assert.equal(bound.status?.conditions?.find(({ type }) => type === "PodScheduled")?.status, "True");
    const scheduled = () => eventsOf("waits", "Scheduled");
    await until(async () => (await scheduled()).length === 1, soon);
    assert.deepEqual(await scheduled(), ["Successfully assigned default/waits to n1"]);
  });

  it("leaves gated pods, pods with a node and pods of other schedulers alone", async () => {
    await create(testPod("gated", { spec: { schedulingGates: [{ name: "example.com/wait" }] } }));
    await create(testPod("foreign", { spec: { schedulerName: "other" } }));
    await create(testPod("later"));
    await until(async () => (await get("later")).spec.nodeName !== undefined, soon);
    assert.equal((await get("foreign")).spec.nodeName, undefined);
    const gated = await get("gated");
    assert.equal(gated.spec.nodeName, undefined);
    assert.equal(gated.status?.conditions?.[0]?.reason, "SchedulingGated");
    const { schedulingGates: _, ...spec } = gated.spec;
    await client.update(pods, { ...gated, spec });
    await until(async () => (await get("gated")).spec.nodeName !== undefined, soon);
  });

  it("places a crowd without overfilling a node", async () => {
    for (let i = 0; i < 8; i++) await create(testPod(`crowd${i}`, { requests: { cpu: "1" } }));
    const placed = async () => {
      const list = await client.list(pods, { namespace: "default" });
      return list.items.filter(
        ({ metadata, spec }) => metadata.name.startsWith("crowd") && spec.nodeName !== undefined,
      );
    };
    // Three of the node's four CPUs are left.
    await until(async () => (await placed()).length === 3, soon);
    const waits = (await client.list(pods, { namespace: "default" })).items.find(
      ({ metadata, spec }) => metadata.name.startsWith("crowd") && spec.nodeName === undefined,
    );
    assert.ok(waits !== undefined);
    const { name } = waits.metadata;
    await until(async () => (await eventsOf(name, "FailedScheduling")).length > 0, soon);
    assert.match(
      (await eventsOf(name, "FailedScheduling"))[0] ?? "",
      /^0\/1 nodes are available: 1 Insufficient cpu\. preemption: 0\/1 nodes are available: 1 No preemption victims found for incoming pod\.$/,
    );
    assert.equal((await placed()).length, 3);
  });

  it("ends less important pods for an important one", async () => {
    await client.create(priorityclasses, { metadata: { name: "high" }, value: 1000 });
    await create(testPod("vip", { requests: { cpu: "2" }, spec: { priorityClassName: "high", priority: 1000 } }));
    const leaving = async () => {
      const list = await client.list(pods, { namespace: "default" });
      return list.items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
    };
    const nominated = await until(async () => {
      const { status } = await get("vip");
      return status?.nominatedNodeName !== undefined && status;
    }, soon);
    assert.equal(nominated.nominatedNodeName, "n1");
    const victims = await until(async () => {
      const found = await leaving();
      return found.length === 2 && found;
    }, soon);
    assert.equal(victims[0]?.status?.conditions?.find(({ type }) => type === "DisruptionTarget")?.status, "True");
    // The kubelet's part: the pods have ended.
    for (const { metadata } of victims) {
      await client.delete(pods, { namespace: "default", name: metadata.name }, { gracePeriodSeconds: 0 });
    }
    await until(async () => (await get("vip")).spec.nodeName === "n1", soon);
  });

  it("names the node to the provisioner of a claim, and binds the pod when its volume is there", async () => {
    const volumeBindingMode = "WaitForFirstConsumer";
    await client.create(storageclasses, {
      metadata: { name: "later" },
      provisioner: "example.com/p",
      volumeBindingMode,
    });
    const at = { namespace: "default", name: "data" };
    await client.create(persistentvolumeclaims, {
      metadata: at,
      spec: {
        storageClassName: "later",
        accessModes: ["ReadWriteOnce"],
        resources: { requests: { storage: "1Gi" } },
      },
    });
    const volumes = [{ name: "data", persistentVolumeClaim: { claimName: "data" } }];
    await create(testPod("stateful", { spec: { volumes } }));
    const chosen = await until(async () => {
      const { metadata } = await client.get(persistentvolumeclaims, at);
      return metadata.annotations?.["volume.kubernetes.io/selected-node"];
    }, soon);
    assert.equal(chosen, "n1");
    assert.equal((await get("stateful")).spec.nodeName, undefined);
    await client.patch(persistentvolumeclaims, at, "application/merge-patch+json", {
      metadata: { annotations: { "pv.kubernetes.io/bind-completed": "yes" } },
      spec: { volumeName: "made" },
    });
    await until(async () => (await get("stateful")).spec.nodeName === "n1", soon);
  });
});
