import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import type { NewObject } from "#pkg/api/index.ts";
import { type Deployment, deployments, type ReplicaSet, replicasets } from "#pkg/api/types/apps-v1.ts";
import { events, type Pod, pods } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { isConflict, isNotFound } from "#pkg/errors/index.ts";
import { type ControllerTest, startControllers } from "../testing.ts";

const WEB = { namespace: "default", name: "web" };
const deployment = (image: string, spec: Partial<Deployment["spec"]> = {}): NewObject<Deployment> => ({
  metadata: { ...WEB },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } } as never, spec: { containers: [{ name: "c", image }] } },
    ...spec,
  },
});

/** What kubelets do: pods get ready, pods being deleted go. */
function keepPodsReady(t: Pick<TestContext, "after">, client: Client): void {
  const stop = new AbortController();
  const running = (async () => {
    try {
      for await (const { type, object } of client.watch(pods, { namespace: "default", signal: stop.signal })) {
        if (type !== "ADDED" && type !== "MODIFIED") continue;
        await act(client, object).catch((err: unknown) => {
          if (!isNotFound(err) && !isConflict(err)) throw err;
        });
      }
    } catch (err) {
      if (!stop.signal.aborted) throw err;
    }
  })();
  t.after(async () => {
    stop.abort();
    await running;
  });
}

async function act(client: Client, pod: Pod): Promise<void> {
  const at = { namespace: "default", name: pod.metadata.name };
  if (pod.metadata.deletionTimestamp !== undefined) await client.delete(pods, at, { gracePeriodSeconds: 0 });
  else if (pod.status?.phase !== "Running" && !pod.spec.containers[0]?.image?.startsWith("broken")) {
    const ready = { type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z" };
    await client.updateStatus(pods, { ...pod, status: { phase: "Running", conditions: [ready] } });
  }
}

async function start(t: TestContext): Promise<ControllerTest> {
  const test = await startControllers(t, ["deployment-controller", "replicaset-controller"]);
  keepPodsReady(t, test.client);
  return test;
}

const sets = async (client: Client): Promise<readonly ReplicaSet[]> =>
  (await client.list(replicasets, { namespace: "default" })).items.toSorted((a, b) => revision(a) - revision(b));
const revision = (object: ReplicaSet | Deployment): number =>
  Number(object.metadata.annotations?.["deployment.kubernetes.io/revision"]);

const complete = (test: ControllerTest, image: string, replicas = 3): Promise<Deployment> =>
  test.eventually(`rollout of ${image}`, async () => {
    const d = await test.client.get(deployments, WEB);
    const { status } = d;
    const done =
      d.spec.template.spec?.containers[0]?.image === image &&
      status?.observedGeneration === d.metadata.generation &&
      status?.updatedReplicas === replicas &&
      status.replicas === replicas &&
      status.availableReplicas === replicas &&
      status.conditions?.some((c) => c.type === "Progressing" && c.reason === "NewReplicaSetAvailable");
    return done === true && d;
  });

const setImage = (client: Client, image: string): Promise<Deployment> =>
  client.patch(deployments, WEB, "application/merge-patch+json", {
    spec: { template: { spec: { containers: [{ name: "c", image }] } } },
  });

describe("DeploymentController", { concurrency: true }, () => {
  it("rolls out, updates without going under its bounds, and rolls back by the old ReplicaSet", async (t) => {
    const test = await start(t);
    const { client } = test;
    await client.create(deployments, deployment("v1"));
    const first = await complete(test, "v1");
    assert.equal(revision(first), 1);
    assert.equal(first.status?.conditions?.find((c) => c.type === "Available")?.reason, "MinimumReplicasAvailable");
    const [rs] = await sets(client);
    const hash = rs?.metadata.labels?.["pod-template-hash"];
    assert.equal(rs?.metadata.name, `web-${hash}`);
    assert.equal(rs?.spec.selector.matchLabels?.["pod-template-hash"], hash);
    assert.equal(rs?.metadata.annotations?.["deployment.kubernetes.io/max-replicas"], "4");
    const available = first.status?.conditions?.find((c) => c.type === "Progressing");
    assert.equal(available?.message, `ReplicaSet "web-${hash}" has successfully progressed.`);

    await setImage(client, "v2");
    assert.equal(revision(await complete(test, "v2")), 2);
    const two = await sets(client);
    assert.deepEqual(
      two.map((s) => s.spec.replicas),
      [0, 3],
    );

    await setImage(client, "v1");
    assert.equal(revision(await complete(test, "v1")), 3);
    const back = await sets(client);
    assert.deepEqual(
      back.map((s) => [revision(s), s.spec.replicas]),
      [
        [2, 0],
        [3, 3],
      ],
    );
    assert.equal(back[1]?.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1");
    await test.eventually("scaling events", async () => {
      const told = (await client.list(events, { namespace: "default" })).items.map((e) => `${e.reason} ${e.message}`);
      return told.includes(`ScalingReplicaSet Scaled up replica set web-${hash} from 0 to 3`);
    });
  });

  it("scales, recreates, and keeps as many revisions as asked", async (t) => {
    const test = await start(t);
    const { client } = test;
    await client.create(deployments, deployment("v1", { strategy: { type: "Recreate" }, revisionHistoryLimit: 1 }));
    await complete(test, "v1");
    await client.patch(deployments, WEB, "application/merge-patch+json", { spec: { replicas: 2 } });
    await complete(test, "v1", 2);
    await setImage(client, "v2");
    await complete(test, "v2", 2);
    await setImage(client, "v3");
    await complete(test, "v3", 2);
    await test.eventually("one old revision", async () => (await sets(client)).map(revision).join() === "2,3");
  });

  it("does not roll out while paused and says so", async (t) => {
    const test = await start(t);
    const { client } = test;
    await client.create(deployments, deployment("v1"));
    await complete(test, "v1");
    await client.patch(deployments, WEB, "application/merge-patch+json", { spec: { paused: true } });
    await setImage(client, "v2");
    await test.eventually("DeploymentPaused", async () => {
      const { status, metadata } = await client.get(deployments, WEB);
      const paused = status?.conditions?.some((c) => c.reason === "DeploymentPaused");
      return paused === true && status?.observedGeneration === metadata.generation;
    });
    assert.equal((await sets(client)).length, 1);
    await client.patch(deployments, WEB, "application/merge-patch+json", { spec: { paused: false } });
    await complete(test, "v2");
  });

  it("exceeds the progress deadline when the new pods never get ready", async (t) => {
    const test = await start(t);
    await test.client.create(deployments, deployment("broken", { progressDeadlineSeconds: 60 }));
    await test.eventually("a start", async () => {
      const d = await test.client.get(deployments, WEB);
      const conditions = d.status?.conditions ?? [];
      if (d.status?.replicas !== 3 || !conditions.some((c) => c.reason === "ReplicaSetUpdated")) return false;
      // As if the last progress was long ago.
      const old = conditions.map((c) => ({ ...c, lastUpdateTime: "2026-01-01T00:00:00Z" }));
      return await test.client.updateStatus(deployments, { ...d, status: { ...d.status, conditions: old } });
    });
    await test.eventually("the condition", async () => {
      const { status } = await test.client.get(deployments, WEB);
      return status?.conditions?.some((c) => c.reason === "ProgressDeadlineExceeded" && c.status === "False");
    });
  });
});
