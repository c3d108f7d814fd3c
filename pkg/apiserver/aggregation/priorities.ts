/** Where a group stands in discovery, and a version in its group: higher comes first. */
export interface Priority {
  readonly group: number;
  readonly version: number;
}

/** Upstream's DefaultGenericAPIServicePriorities and those of kube-apiserver's own groups, stable versions. */
const BUILTIN: Readonly<Record<string, readonly [group: number, version: number]>> = {
  "/v1": [18_000, 1],
  "apps/v1": [17_800, 15],
  "events.k8s.io/v1": [17_750, 15],
  "authentication.k8s.io/v1": [17_700, 15],
  "authorization.k8s.io/v1": [17_600, 15],
  "autoscaling/v2": [17_500, 30],
  "autoscaling/v1": [17_500, 15],
  "batch/v1": [17_400, 15],
  "certificates.k8s.io/v1": [17_300, 15],
  "networking.k8s.io/v1": [17_200, 15],
  "policy/v1": [17_100, 15],
  "rbac.authorization.k8s.io/v1": [17_000, 15],
  "storage.k8s.io/v1": [16_800, 15],
  "admissionregistration.k8s.io/v1": [16_700, 15],
  "apiextensions.k8s.io/v1": [16_700, 15],
  "scheduling.k8s.io/v1": [16_600, 15],
  "coordination.k8s.io/v1": [16_500, 15],
  "node.k8s.io/v1": [16_300, 15],
  "discovery.k8s.io/v1": [16_200, 15],
  "resource.k8s.io/v1": [16_200, 20],
  "flowcontrol.apiserver.k8s.io/v1": [16_100, 21],
  "storagemigration.k8s.io/v1": [15_800, 20],
};

/** CRDs come after everything that is built in, and all alike. */
const CUSTOM: Priority = { group: 1000, version: 100 };

/** Of a group version that this server answers itself. */
export function localPriority(group: string, version: string): Priority & { readonly builtin: boolean } {
  const key = `${group}/${version}`;
  const row = Object.hasOwn(BUILTIN, key) ? BUILTIN[key] : undefined;
  return row === undefined ? { ...CUSTOM, builtin: false } : { group: row[0], version: row[1], builtin: true };
}
