// EndpointSlices and Endpoints of services with a selector. Reads services, pods, nodes.
export { EndpointSliceController } from "./endpointslice-controller.ts";
export { EndpointsController } from "./endpoints-controller.ts";
export { EndpointSliceMirroringController } from "./mirroring-controller.ts";
