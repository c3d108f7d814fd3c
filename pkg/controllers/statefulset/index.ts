// The StatefulSet controller: pods with lasting names and claims. Writes pods, claims and ControllerRevisions.
export { StatefulSetController } from "./statefulset-controller.ts";
