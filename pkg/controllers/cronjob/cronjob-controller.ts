import type { NewObject } from "#pkg/api/index.ts";
import { type CronJob, cronjobs, type Job, jobs } from "#pkg/api/types/batch-v1.ts";
import type { ObjectReference } from "#pkg/api/types/core-v1.ts";
import { type Informer, keyOf, referenceTo } from "#pkg/client/index.ts";
import { isAlreadyExists, isNotFound } from "#pkg/errors/index.ts";
import { type ControllerParts, QueueController } from "../controller.ts";
import { addOwnerIndexes, ownedBy } from "../informer-indexes.ts";
import { isFinished } from "../job/index.ts";
import { isNamespaceTerminating } from "../namespace-terminating.ts";
import { controllerOf, controllerRefTo, findCondition, semanticEqual, timestamp } from "../objects/index.ts";
import { messageOf } from "../pod-control.ts";
import { type CronSchedule, parseCron } from "./cron-schedule.ts";

const SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp";
// More missed times than this are told of, since a clock may be wrong.
const TOO_MANY_MISSED = 100;

/** Makes Jobs on schedule and keeps a few finished ones. Reads CronJobs and Jobs; writes Jobs and status. */
export class CronJobController extends QueueController {
  readonly #parts: ControllerParts;
  readonly #cronJobs: Informer<CronJob>;
  readonly #jobs: Informer<Job>;

  constructor(parts: ControllerParts) {
    const cronJobInformer = parts.informers.informer(cronjobs);
    const jobInformer = parts.informers.informer(jobs);
    super({
      name: "cronjob",
      informers: [cronJobInformer, jobInformer],
      log: parts.log,
      sync: (key) => this.#sync(key),
    });
    this.#parts = parts;
    this.#cronJobs = cronJobInformer;
    this.#jobs = jobInformer;
    addOwnerIndexes(jobInformer);
    const enqueue = (cronJob: CronJob): void => this.queue.add(keyOf(cronJob));
    cronJobInformer.addHandler({ add: enqueue, update: enqueue });
    const changed = (job: Job): void => {
      const ref = controllerOf(job);
      if (ref?.kind === "CronJob") this.queue.add(`${job.metadata.namespace ?? ""}/${ref.name}`);
    };
    jobInformer.addHandler({ add: changed, update: changed, delete: changed });
  }

  async #sync(key: string): Promise<{ requeueAfterMs: number } | undefined> {
    const cronJob = this.#cronJobs.lister.getByKey(key);
    if (cronJob === undefined) return undefined;
    const children = ownedBy(this.#jobs, cronJob.metadata.uid);
    const status = this.#activeStatus(cronJob, children);
    await this.#removeOld(cronJob, children);
    const { next, waitMs } = await this.#schedule(cronJob, status, children);
    if (!semanticEqual(next, cronJob.status ?? {})) {
      await this.#parts.client.updateStatus(cronjobs, { ...cronJob, status: next });
    }
    return waitMs === undefined ? undefined : { requeueAfterMs: waitMs };
  }

  /** Active jobs as they are, with events about those that ended or went missing. */
  #activeStatus(cronJob: CronJob, children: readonly Job[]): NonNullable<CronJob["status"]> {
    const about = { resource: cronjobs, object: cronJob };
    const listed = cronJob.status?.active ?? [];
    const active: ObjectReference[] = [];
    let success = cronJob.status?.lastSuccessfulTime;
    const byUid = new Map(children.map((job) => [job.metadata.uid, job]));
    for (const job of children) {
      if (!isFinished(job)) {
        active.push(listed.find((ref) => ref.uid === job.metadata.uid) ?? referenceTo(jobs, job));
        continue;
      }
      const complete = findCondition(job.status?.conditions, "Complete")?.status === "True";
      const at = job.status?.completionTime;
      if (complete && at !== undefined && (success === undefined || at > success)) success = at;
      if (listed.some((ref) => ref.uid === job.metadata.uid)) {
        const text = `Saw completed job: ${job.metadata.name}, condition: ${complete ? "Complete" : "Failed"}`;
        this.#parts.recorder.event(about, "Normal", "SawCompletedJob", text);
      }
    }
    for (const ref of listed) {
      if (!byUid.has(ref.uid ?? "") && this.#isOld(ref)) {
        this.#parts.recorder.event(about, "Normal", "MissingJob", `Active job went missing: ${ref.name ?? ""}`);
      } else if (!byUid.has(ref.uid ?? "")) active.push(ref);
    }
    return {
      ...(active.length === 0 ? {} : { active }),
      ...(cronJob.status?.lastScheduleTime === undefined ? {} : { lastScheduleTime: cronJob.status.lastScheduleTime }),
      ...(success === undefined ? {} : { lastSuccessfulTime: success }),
    };
  }

  /** A job made a moment ago may not have reached the informer: its revision is newer than anything seen of jobs. */
  #isOld(ref: ObjectReference): boolean {
    const wanted = BigInt(ref.resourceVersion ?? "0");
    for (const job of this.#jobs.lister.values()) if (BigInt(job.metadata.resourceVersion) > wanted) return true;
    return this.#jobs.lister.size === 0;
  }

  async #removeOld(cronJob: CronJob, children: readonly Job[]): Promise<void> {
    const finished = children
      .filter((job) => isFinished(job) && job.metadata.deletionTimestamp === undefined)
      .toSorted((a, b) => ((a.status?.startTime ?? "") < (b.status?.startTime ?? "") ? -1 : 1));
    const succeeded = finished.filter((job) => findCondition(job.status?.conditions, "Complete")?.status === "True");
    const failed = finished.filter((job) => !succeeded.includes(job));
    const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
    const surplus = [
      ...succeeded.slice(0, Math.max(0, succeeded.length - successfulJobsHistoryLimit)),
      ...failed.slice(0, Math.max(0, failed.length - failedJobsHistoryLimit)),
    ];
    for (const job of surplus) await this.#delete(cronJob, job);
  }

  async #schedule(
    cronJob: CronJob,
    status: NonNullable<CronJob["status"]>,
    children: readonly Job[],
  ): Promise<{ readonly next: NonNullable<CronJob["status"]>; readonly waitMs?: number }> {
    const about = { resource: cronjobs, object: cronJob };
    if (cronJob.metadata.deletionTimestamp !== undefined || cronJob.spec.suspend === true) return { next: status };
    const schedule = this.#parse(cronJob);
    if (schedule === undefined) return { next: status };
    const now = this.#parts.now();
    const upcoming = schedule.next(now);
    const rest = upcoming === undefined ? {} : { waitMs: Math.max(upcoming - now, 0) + 100 };
    const due = this.#due(cronJob, schedule, now);
    if (due === undefined) return { next: status, ...rest };
    const deadline = cronJob.spec.startingDeadlineSeconds;
    if (deadline !== undefined && due + deadline * 1000 < now) {
      const text = `Missed scheduled time to start a job: ${new Date(due).toUTCString().replace("GMT", "+0000")}`;
      this.#parts.recorder.event(about, "Warning", "MissSchedule", text);
      return { next: status, ...rest };
    }
    const policy = cronJob.spec.concurrencyPolicy ?? "Allow";
    if (policy === "Forbid" && (status.active ?? []).length > 0) {
      const text = "Not starting job because prior execution is running and concurrency policy is Forbid";
      this.#parts.recorder.event(about, "Normal", "JobAlreadyActive", text);
      return { next: status, ...rest };
    }
    let active = status.active ?? [];
    if (policy === "Replace") {
      for (const job of children.filter((child) => !isFinished(child))) await this.#delete(cronJob, job);
      active = [];
    }
    const job = await this.#create(cronJob, due);
    if (job === undefined) return { next: status, ...rest };
    return {
      next: { ...status, active: [...active, referenceTo(jobs, job)], lastScheduleTime: timestamp(due) },
      ...rest,
    };
  }

  #parse(cronJob: CronJob): CronSchedule | undefined {
    const { schedule, timeZone } = cronJob.spec;
    try {
      return parseCron(schedule, timeZone ?? "UTC");
    } catch (err) {
      const zone = err instanceof RangeError;
      this.#parts.recorder.event(
        { resource: cronjobs, object: cronJob },
        "Warning",
        zone ? "UnknownTimeZone" : "UnparseableSchedule",
        zone
          ? `invalid timeZone: "${timeZone ?? ""}": ${messageOf(err)}`
          : `unparseable schedule: "${schedule}" : ${messageOf(err)}`,
      );
      return undefined;
    }
  }

  /** The latest time that was missed since the last run; undefined when there is none. */
  #due(cronJob: CronJob, schedule: CronSchedule, now: number): number | undefined {
    let since = Date.parse(cronJob.status?.lastScheduleTime ?? cronJob.metadata.creationTimestamp);
    const deadline = cronJob.spec.startingDeadlineSeconds;
    if (deadline !== undefined) since = Math.max(since, now - deadline * 1000);
    const due = schedule.latest(now, since);
    if (due === undefined || due <= since) return undefined;
    let missed = 0;
    for (let at = schedule.next(since); at !== undefined && at <= now && missed <= TOO_MANY_MISSED; missed++) {
      at = schedule.next(at);
    }
    if (missed > TOO_MANY_MISSED) {
      const text = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
      this.#parts.recorder.event({ resource: cronjobs, object: cronJob }, "Warning", "TooManyMissedTimes", text);
    }
    return due;
  }

  async #create(cronJob: CronJob, due: number): Promise<Job | undefined> {
    const about = { resource: cronjobs, object: cronJob };
    const { metadata, spec } = cronJob.spec.jobTemplate;
    const namespace = cronJob.metadata.namespace ?? "";
    // The minute is the name: a second try after a crash finds the first one's job.
    const name = `${cronJob.metadata.name}-${Math.floor(due / 60_000)}`;
    const fresh: NewObject<Job> = {
      metadata: {
        name,
        namespace,
        ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
        annotations: { ...metadata?.annotations, [SCHEDULED_AT]: timestamp(due) },
        ownerReferences: [controllerRefTo(cronjobs, cronJob)],
      },
      spec: spec ?? { template: {} },
    };
    try {
      const job = await this.#parts.client.create(jobs, fresh);
      this.#parts.recorder.event(about, "Normal", "SuccessfulCreate", `Created job ${job.metadata.name}`);
      return job;
    } catch (err) {
      if (isAlreadyExists(err)) {
        const there = await this.#parts.client.get(jobs, { namespace, name });
        if (controllerOf(there)?.uid === cronJob.metadata.uid) return there;
      }
      if (isNamespaceTerminating(err)) return undefined;
      this.#parts.recorder.event(about, "Warning", "FailedCreate", `Error creating job: ${messageOf(err)}`);
      throw err;
    }
  }

  async #delete(cronJob: CronJob, job: Job): Promise<void> {
    const { namespace = "", name, uid } = job.metadata;
    const about = { resource: cronjobs, object: cronJob };
    try {
      const options = { preconditions: { uid }, propagationPolicy: "Background" };
      await this.#parts.client.delete(jobs, { namespace, name }, options);
    } catch (err) {
      if (isNotFound(err)) return;
      this.#parts.recorder.event(about, "Warning", "FailedDelete", `Deleted job: ${messageOf(err)}`);
      throw err;
    }
    this.#parts.recorder.event(about, "Normal", "SuccessfulDelete", `Deleted job ${name}`);
  }
}
