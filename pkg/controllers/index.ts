// Upstream's control loops under one Lease: workloads, services' endpoints, namespaces, service accounts, garbage, nodes.
// Reads and writes the API only.
export {
  type ControllerManager,
  type ControllerManagerOptions,
  type ControllerManagerParts,
  createControllerManager,
  enabledControllers,
} from "./manager.ts";
export { CONTROLLERS, type ControllerEntry, type ControllerOptions } from "./registry.ts";
export type { LegacyTokenSigner } from "./serviceaccount/index.ts";
