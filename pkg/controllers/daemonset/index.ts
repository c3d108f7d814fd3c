// The DaemonSet controller: one pod per fitting node, rolling updates, revisions. Writes pods and ControllerRevisions.
export { DaemonSetController } from "./daemonset-controller.ts";
