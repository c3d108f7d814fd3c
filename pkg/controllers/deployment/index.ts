// The Deployment controller: rolling updates, recreate, rollback, pause, proportional scaling. Writes ReplicaSets.
export { DeploymentController } from "./deployment-controller.ts";
