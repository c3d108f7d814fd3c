import { type Job, jobs } from "#pkg/api/types/batch-v1.ts";
import { type Informer, keyOf } from "#pkg/client/index.ts";
import { isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { isFinished } from "./job-controller.ts";

/** Deletes finished Jobs after their ttlSecondsAfterFinished. */
export class TtlAfterFinishedController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #jobs: Informer<Job>;

  constructor(parts: ControllerParts) {
    const informer = parts.informers.informer(jobs);
    super({ name: "ttl-after-finished", informers: [informer], log: parts.log, sync: (key) => this.#sync(key) });
    this.#parts = parts;
    this.#jobs = informer;
    const enqueue = (job: Job): void => {
      if (job.spec.ttlSecondsAfterFinished !== undefined && isFinished(job)) this.queue.add(keyOf(job));
    };
    informer.addHandler({ add: enqueue, update: enqueue });
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    if (this.#jobs.lister.getByKey(key) === undefined) return undefined;
    try {
      const { namespace = "", name } = this.#jobs.lister.getByKey(key)?.metadata ?? { name: "" };
      // Live, since the limit may have been raised a moment ago.
      const job = await this.#parts.client.get(jobs, { namespace, name });
      const ttl = job.spec.ttlSecondsAfterFinished;
      if (ttl === undefined || !isFinished(job) || job.metadata.deletionTimestamp !== undefined) return undefined;
      const left = finishedAt(job) + ttl * 1000 - this.#parts.now();
      if (left > 0) return { requeueAfterMs: left };
      const { uid, resourceVersion } = job.metadata;
      await this.#parts.client.delete(
        jobs,
        { namespace, name },
        { propagationPolicy: "Foreground", preconditions: { uid, resourceVersion } },
      );
    } catch (err) {
      if (!isNotFound(err)) throw err;
    }
    return undefined;
  }
}

function finishedAt(job: Job): number {
  const condition = (job.status?.conditions ?? []).find(
    (c) => (c.type === "Complete" || c.type === "Failed") && c.status === "True",
  );
  return Date.parse(condition?.lastTransitionTime ?? job.metadata.creationTimestamp);
}
