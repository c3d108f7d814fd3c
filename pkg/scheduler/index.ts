// Places pods on nodes: filters, scores, binds, preempts. Reads pods, nodes, volumes and what owns pods from the API;
// writes bindings, PodScheduled conditions, nominations, deletions of preempted pods, and events.
export { createScheduler, type Scheduler, type SchedulerParts } from "./scheduler.ts";
