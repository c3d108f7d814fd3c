import type { KubeObject } from "#pkg/api/resource-ref.ts";

/**
 * Takes metadata.managedFields out of an object of one's own: components keep many objects and never ask who owns what,
 * and a write without them leaves them as they are. Frozen objects are shared, and cost nothing as they are.
 */
export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { metadata } = object;
  if (metadata?.managedFields === undefined || Object.isFrozen(object)) return object;
  const { managedFields: _managed, ...rest } = metadata;
  (object as { metadata: object }).metadata = rest;
  return object;
}
