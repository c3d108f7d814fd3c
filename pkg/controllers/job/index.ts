// The Job controller: pods run to completion, counted exactly once; and the removal of finished Jobs after a while.
export { isFinished, JobController } from "./job-controller.ts";
export { TtlAfterFinishedController } from "./ttl-controller.ts";
