// What goes through to nodes: pods/log, exec, attach, portforward, and the proxy subresources of pods, services, nodes.
// Reads pods, nodes, services and endpoint slices from the cache; speaks to kubelets, pods and endpoints as a client.
export { streamingRoutes } from "./routes.ts";
export type { KubeletTls, StreamingOptions } from "./types.ts";
