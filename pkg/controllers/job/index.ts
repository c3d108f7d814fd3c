// The Job controller: pods run to completion, counted exactly once. Writes pods and the jobs' status.
export { isFinished, JobController } from "./job-controller.ts";
