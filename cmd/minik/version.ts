/** The Kubernetes release whose API and behaviour this build has. */
export const KUBERNETES_VERSION = "v1.36.2";
/** What `/version` and Node.status.nodeInfo say. */
export const MINIK_VERSION = `${KUBERNETES_VERSION}+minik1`;
