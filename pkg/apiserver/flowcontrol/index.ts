// API priority and fairness: who is served first when there is more to do than seats. Reads FlowSchemas and
// PriorityLevelConfigurations; writes those that every cluster has, and whether a FlowSchema's level is there.
export { DanglingStatus } from "./dangling-status.ts";
export { ensureFlowObjects } from "./ensure-flow-objects.ts";
export { FlowController } from "./flow-controller.ts";
export { flowDumpRoute } from "./flow-dump.ts";
export { flowMetrics } from "./flow-metrics.ts";
export type { Ticket } from "./ticket.ts";
