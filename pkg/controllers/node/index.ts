// What nodes' state means for others: health, taints, evictions, pod networks, and pods left behind. Reads nodes, leases
// and pods; writes node status, taints and pod CIDRs, and deletes pods.
export {
  NODE_LIFECYCLE_DEFAULTS,
  NodeLifecycleController,
  type NodeLifecycleOptions,
} from "./node-lifecycle-controller.ts";
export { NodeIpamController, type NodeIpamOptions } from "./node-ipam-controller.ts";
export { POD_GC_DEFAULTS, PodGcController, type PodGcOptions } from "./pod-gc-controller.ts";
export { TaintEvictionController } from "./taint-eviction-controller.ts";
