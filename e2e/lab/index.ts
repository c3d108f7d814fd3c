// Hosts out of network namespaces with no way out, the built minik on them, and kubectl.
export { BINARY, ControlPlane, controlPlaneFlags, freePort } from "./control-plane.ts";
export { Host, type HostOptions } from "./host.ts";
export { BUSYBOX_IMAGE, BUSYBOX_NEXT_IMAGE } from "./image.ts";
export { findKubectls, type Kubectl } from "./kubectl.ts";
export { type Lab, openLab, startLab } from "./lab.ts";
export { inside, LabNetwork } from "./network.ts";
