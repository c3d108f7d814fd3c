import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { NewObject } from "#pkg/api/index.ts";
import { type Job, jobs } from "#pkg/api/types/batch-v1.ts";
import { type Pod, pods } from "#pkg/api/types/core-v1.ts";
import type { Client } from "#pkg/client/index.ts";
import { startControllers } from "../testing.ts";
import { formatIndexes, parseIndexes } from "./index-set.ts";

const WORK = { namespace: "default", name: "work" };
const job = (spec: Partial<Job["spec"]>): NewObject<Job> => ({
  metadata: { ...WORK },
  spec: {
    manualSelector: true,
    selector: { matchLabels: { job: "work" } },
    template: {
      metadata: { labels: { job: "work" } } as never,
      spec: { restartPolicy: "Never", containers: [{ name: "c", image: "busybox" }] },
    },
    ...spec,
  },
});
const list = async (client: Client): Promise<readonly Pod[]> =>
  (await client.list(pods, { namespace: "default" })).items;
const running = async (client: Client): Promise<readonly Pod[]> =>
  (await list(client)).filter((pod) => pod.status?.phase === "Pending" && pod.metadata.deletionTimestamp === undefined);

async function end(client: Client, pod: Pod, phase: "Succeeded" | "Failed", exitCode = 0): Promise<void> {
  const finishedAt = "2026-01-01T00:00:00Z";
  const patch = {
    status: {
      phase,
      containerStatuses: [
        {
          name: "c",
          image: "busybox",
          imageID: "",
          ready: false,
          restartCount: 0,
          state: { terminated: { exitCode, finishedAt } },
        },
      ],
    },
  };
  const at = { namespace: "default", name: pod.metadata.name };
  await client.patch(pods, at, "application/merge-patch+json", patch, { subresource: "status" });
}

const condition = (object: Job, type: string): string | undefined =>
  object.status?.conditions?.find((c) => c.type === type && c.status === "True")?.reason;

describe("JobController", { concurrency: true }, () => {
  it("runs as many pods as may run, counts each success once, and completes", async (t) => {
    const { client, eventually } = await startControllers(t, ["job-controller"]);
    await client.create(jobs, job({ completions: 3, parallelism: 2 }));
    const first = await eventually("2 pods", async () => {
      const all = await running(client);
      return all.length === 2 && all;
    });
    assert.deepEqual(first[0]?.metadata.finalizers, ["batch.kubernetes.io/job-tracking"]);
    for (const pod of first) await end(client, pod, "Succeeded");
    const [last] = await eventually("the last pod", async () => {
      const all = await running(client);
      return all.length === 1 && all;
    });
    if (last !== undefined) await end(client, last, "Succeeded");
    const done = await eventually("completion", async () => {
      const object = await client.get(jobs, WORK);
      return condition(object, "Complete") !== undefined && object;
    });
    assert.equal(condition(done, "Complete"), "CompletionsReached");
    assert.equal(done.status?.succeeded, 3);
    assert.deepEqual(done.status?.uncountedTerminatedPods ?? {}, {});
    assert.ok(done.status?.completionTime);
    const left = (await client.list(pods, { namespace: "default" })).items;
    assert.ok(left.every((pod) => (pod.metadata.finalizers ?? []).length === 0));
  });

  it("fails when its pods fail more often than the backoff limit", async (t) => {
    const { client, eventually } = await startControllers(t, ["job-controller"]);
    await client.create(jobs, job({ backoffLimit: 1 }));
    for (let i = 0; i < 2; i++) {
      const [pod] = await eventually("a pod", async () => {
        const all = await running(client);
        return all.length === 1 && all;
      });
      if (pod !== undefined) await end(client, pod, "Failed", 1);
    }
    const over = await eventually("failure", async () => {
      const object = await client.get(jobs, WORK);
      return condition(object, "Failed") !== undefined && object;
    });
    assert.deepEqual([condition(over, "Failed"), over.status?.failed], ["BackoffLimitExceeded", 2]);
  });

  it("gives each index its pod, and follows the pod failure policy", async (t) => {
    const { client, eventually } = await startControllers(t, ["job-controller"]);
    await client.create(
      jobs,
      job({
        completionMode: "Indexed",
        completions: 3,
        parallelism: 3,
        podFailurePolicy: { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }] },
      }),
    );
    const all = await eventually("3 pods", async () => {
      const found = await running(client);
      return found.length === 3 && found;
    });
    const byIndex = new Map(all.map((p) => [p.metadata.annotations?.["batch.kubernetes.io/job-completion-index"], p]));
    const [zero, one] = [byIndex.get("0"), byIndex.get("1")];
    assert.ok(zero !== undefined && one !== undefined && byIndex.has("2"));
    assert.equal(zero.spec.hostname, "work-0");
    assert.equal(zero.spec.containers[0]?.env?.[0]?.name, "JOB_COMPLETION_INDEX");
    await end(client, zero, "Succeeded");
    await eventually("index 0", async () => (await client.get(jobs, WORK)).status?.completedIndexes === "0");
    await end(client, one, "Failed", 42);
    await eventually(
      "the failure target",
      async () => condition(await client.get(jobs, WORK), "FailureTarget") === "PodFailurePolicy",
    );
  });

  it("stops its pods while suspended", async (t) => {
    const { client, eventually } = await startControllers(t, ["job-controller"]);
    await client.create(jobs, job({ suspend: true }));
    await eventually("Suspended", async () => condition(await client.get(jobs, WORK), "Suspended") === "JobSuspended");
    assert.equal((await running(client)).length, 0);
    await client.patch(jobs, WORK, "application/merge-patch+json", { spec: { suspend: false } });
    await eventually("a pod", async () => (await running(client)).length === 1);
    await client.patch(jobs, WORK, "application/merge-patch+json", { spec: { suspend: true } });
    await eventually("none", async () => (await list(client)).length === 0);
    await eventually("no failure", async () => {
      const { status } = await client.get(jobs, WORK);
      return (status?.active ?? 0) === 0 && (status?.failed ?? 0) === 0 && status?.startTime === undefined;
    });
  });
});

describe("index sets", () => {
  it("are read and written as status writes them", () => {
    assert.equal(formatIndexes(new Set([1, 3, 4, 5, 7, 8])), "1,3-5,7,8");
    assert.deepEqual([...parseIndexes("1,3-5,7", 7)], [1, 3, 4, 5]);
    assert.equal(formatIndexes(parseIndexes("", 5)), "");
  });
});
