/** Ties a slice to its service. */
export const SERVICE_NAME = "kubernetes.io/service-name";
/** Says which controller writes a slice. */
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";
export const HEADLESS = "service.kubernetes.io/headless";
