import { fieldError } from "#pkg/errors/index.ts";
import { wideColumn, ageColumn, booleanColumn, column, integerColumn, nameColumn } from "../columns.ts";
import { containerImages, containerNames } from "../apps/workload-columns.ts";
import { ageSince } from "../duration.ts";
import { checkEnum, checkNotNegative, type Errors } from "../field-checks.ts";
import { formatLabelSelector } from "../labels.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { CronJob } from "../types/batch-v1.ts";
import { checkSchedule } from "./cron-schedule.ts";
import { defaultJobSpec } from "./job.ts";
import { checkJobSpec } from "./job-validation.ts";

function validate(job: CronJob): Errors {
  const errors: Errors = [];
  const { spec } = job;
  if (!spec.schedule) errors.push(fieldError.required("spec.schedule"));
  else {
    const wrong = checkSchedule(spec.schedule);
    if (wrong !== undefined) errors.push(fieldError.invalid("spec.schedule", spec.schedule, wrong));
    if (/TZ=/.test(spec.schedule)) {
      const why = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
      errors.push(fieldError.invalid("spec.schedule", spec.schedule, why));
    }
  }
  checkTimeZone(errors, spec.timeZone);
  checkEnum(errors, "spec.concurrencyPolicy", spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"]);
  checkNotNegative(errors, "spec.startingDeadlineSeconds", spec.startingDeadlineSeconds);
  checkNotNegative(errors, "spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit);
  checkNotNegative(errors, "spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit);
  if (job.metadata.name.length > 52) {
    errors.push(fieldError.invalid("metadata.name", job.metadata.name, "must be no more than 52 characters"));
  }
  const template = spec.jobTemplate?.spec;
  if (template !== undefined) {
    checkJobSpec(errors, "spec.jobTemplate.spec", template);
    if (template.manualSelector === true) {
      errors.push(fieldError.notSupported("spec.jobTemplate.spec.manualSelector", true, ["nil", "false"]));
    }
  }
  return errors;
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
  validateUpdate: validate,
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
