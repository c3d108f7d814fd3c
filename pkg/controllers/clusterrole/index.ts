// Aggregated ClusterRoles.
export { ClusterRoleAggregationController } from "./clusterrole-aggregation-controller.ts";
