import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cronjobs, jobs } from "#pkg/api/types/batch-v1.ts";
import { startControllers } from "../testing.ts";

describe("CronJobController", () => {
  it("makes a job for the time that passed, once, and drops finished ones beyond the limit", async (t) => {
    let skewMs = 0;
    const { client, eventually } = await startControllers(t, ["cronjob-controller"], {
      now: () => Date.now() + skewMs,
    });
    const at = { namespace: "default", name: "tick" };
    const template = {
      metadata: { labels: { job: "tick" } } as never,
      spec: { restartPolicy: "Never", containers: [{ name: "c", image: "busybox" }] },
    };
    skewMs = 90_000;
    await client.create(cronjobs, {
      metadata: at,
      spec: {
        schedule: "* * * * *",
        successfulJobsHistoryLimit: 0,
        jobTemplate: {
          spec: { template },
        },
      },
    });
    const list = async () => (await client.list(jobs, { namespace: "default" })).items;
    const job = await eventually("a job", async () => (await list())[0]);
    assert.match(job.metadata.name, /^tick-\d+$/);
    assert.equal(job.metadata.ownerReferences?.[0]?.kind, "CronJob");
    const { status } = await eventually("status", async () => {
      const cronJob = await client.get(cronjobs, at);
      return cronJob.status?.lastScheduleTime !== undefined && cronJob;
    });
    assert.equal(status?.active?.[0]?.uid, job.metadata.uid);
    const done = ["SuccessCriteriaMet", "Complete"].map((type) => ({
      type,
      status: "True",
      reason: "CompletionsReached",
    }));
    await client.patch(
      jobs,
      { namespace: "default", name: job.metadata.name },
      "application/merge-patch+json",
      {
        status: {
          conditions: done,
          startTime: "2026-01-01T00:00:00Z",
          completionTime: "2026-01-01T00:00:01Z",
          succeeded: 1,
        },
      },
      { subresource: "status" },
    );
    await eventually("its removal", async () => (await list()).length === 0);
    await eventually("lastSuccessfulTime", async () => {
      const cronJob = await client.get(cronjobs, at);
      return cronJob.status?.lastSuccessfulTime === "2026-01-01T00:00:01Z" && cronJob.status.active === undefined;
    });
  });
});
