import { fieldError } from "#pkg/errors/index.ts";
import { wideColumn, ageColumn, booleanColumn, column, integerColumn, nameColumn } from "../columns.ts";
import { containerImages, containerNames } from "../apps/workload-columns.ts";
import { hostnameWarnings, podSpecWarnings } from "../core/pod-warnings.ts";
import { ageSince } from "../duration.ts";
import { checkEnum, checkNotNegative, type Errors } from "../field-checks.ts";
import { formatLabelSelector } from "../labels.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { CronJob } from "../types/batch-v1.ts";
import { checkSchedule } from "./cron-schedule.ts";
import { defaultJobSpec } from "./job.ts";
import { checkJobSpec } from "./job-validation.ts";

const MAX_NAME = 52;

/** Jobs get eleven more characters than the CronJob's name has. */
function validate(job: CronJob): Errors {
  const errors = validateSpec(job);
  if (job.metadata.name.length > MAX_NAME) {
    errors.push(fieldError.invalid("metadata.name", job.metadata.name, `must be no more than ${MAX_NAME} characters`));
  }
  return errors;
}

function validateSpec(job: CronJob): Errors {
  const errors: Errors = [];
  const { spec } = job;
  if (!spec.schedule) errors.push(fieldError.required("spec.schedule"));
  else {
    const wrong = checkSchedule(spec.schedule);
    if (wrong !== undefined) errors.push(fieldError.invalid("spec.schedule", spec.schedule, wrong));
    if (spec.schedule.includes("TZ")) {
      const why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
      errors.push(fieldError.invalid("spec.schedule", spec.schedule, why));
    }
  }
  checkNotNegative(errors, "spec.startingDeadlineSeconds", spec.startingDeadlineSeconds);
  checkTimeZone(errors, spec.timeZone);
  checkEnum(errors, "spec.concurrencyPolicy", spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"]);
  const template = spec.jobTemplate?.spec;
  if (template !== undefined) {
    checkJobSpec(errors, "spec.jobTemplate.spec", template);
    if (template.selector !== undefined) {
      const why = "`selector` will be auto-generated";
      errors.push(fieldError.invalid("spec.jobTemplate.spec.selector", template.selector, why));
    }
    if (template.manualSelector === true) {
      errors.push(fieldError.notSupported("spec.jobTemplate.spec.manualSelector", true, ["nil", "false"]));
    }
  }
  checkNotNegative(errors, "spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit);
  checkNotNegative(errors, "spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit);
  return errors;
}

/** A schedule of old with a time zone in it stays as it is. */
function validateUpdate(job: CronJob, old: CronJob): Errors {
  const errors = validateSpec(job);
  if (!old.spec.schedule?.includes("TZ")) return errors;
  return errors.filter(({ message }) => !message.endsWith("use timeZone field instead"));
}

function checkTimeZone(errors: Errors, zone: string | undefined): void {
  if (zone === undefined) return;
  const at = "spec.timeZone";
  if (zone === "") errors.push(fieldError.invalid(at, zone, "timeZone must be nil or non-empty string"));
  else if (zone.toLowerCase() === "local") {
    errors.push(
      fieldError.invalid(
        at,
        zone,
        "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones",
      ),
    );
  } else {
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone }).format(0);
    } catch {
      errors.push(fieldError.invalid(at, zone, `unknown time zone ${zone}`));
    }
  }
}

const templateOf = (job: CronJob) => job.spec.jobTemplate?.spec?.template;

export const cronJobStrategy = strategyOf<CronJob>({
  ...separateStatus<CronJob>(() => ({})),
  generation: true,
  defaults: (job) => {
    job.spec ??= {} as typeof job.spec;
    const { spec } = job;
    spec.concurrencyPolicy ||= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    spec.jobTemplate ??= {};
    spec.jobTemplate.metadata ??= {};
    spec.jobTemplate.spec ??= { template: {} };
    defaultJobSpec(spec.jobTemplate.spec);
  },
  validate,
  validateUpdate,
  warnings: (job, old) => [
    ...(old === undefined ? hostnameWarnings(job.metadata.name) : []),
    ...podSpecWarnings("spec.jobTemplate.spec.template.spec", templateOf(job)?.spec),
  ],
  columns: [
    nameColumn,
    column("Schedule", "When it runs", (j: CronJob) => j.spec.schedule),
    column("Timezone", "Whose clock that is", (j: CronJob) => j.spec.timeZone ?? "<none>"),
    booleanColumn("Suspend", "Whether it rests", (j: CronJob) => j.spec.suspend ?? false),
    integerColumn("Active", "Jobs that run now", (j: CronJob) => (j.status?.active ?? []).length),
    column("Last Schedule", "Time since it last ran", (j: CronJob, now: number) =>
      j.status?.lastScheduleTime === undefined ? "<none>" : ageSince(j.status.lastScheduleTime, now),
    ),
    ageColumn,
    wideColumn("Containers", "Names of its containers", (j: CronJob) => containerNames(templateOf(j))),
    wideColumn("Images", "Images of its containers", (j: CronJob) => containerImages(templateOf(j))),
    wideColumn("Selector", "Labels of its pods", (j: CronJob) =>
      formatLabelSelector(j.spec.jobTemplate?.spec?.selector),
    ),
  ],
});
