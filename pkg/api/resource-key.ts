/** "pods", "apps/deployments": how caches and hooks name a resource. */
export const resourceKeyOf = (group: string, plural: string): string => (group === "" ? plural : `${group}/${plural}`);
