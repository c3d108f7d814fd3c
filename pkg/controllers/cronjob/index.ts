// The CronJob controller: Jobs on schedule, in any time zone, with history limits. Writes Jobs and CronJob status.
export { CronJobController } from "./cronjob-controller.ts";
