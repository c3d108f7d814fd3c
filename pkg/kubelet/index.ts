// The node agent: makes the pods of one node run through a container runtime and says how they are.
// Reads pods, services, configmaps and secrets; writes pod and node status, events, its lease and the node's own files.
export { createKubelet, type Kubelet, type KubeletOptions } from "./kubelet.ts";
export type { PodManager, PodSource, PodStatusProvider } from "./types.ts";
export { findCgroups } from "./cgroup-hierarchy.ts";
export { createMounter } from "./mounter.ts";
export { directoryPods, urlPods } from "./static-pods.ts";
export { KubeletServer, type KubeletServerParts, type ServerTls } from "./server.ts";
