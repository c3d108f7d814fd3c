import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ObjectName } from "./types.ts";

/** "namespace/name", or "name" for what has no namespace: the key of listers and work queues. */
export function keyOf(object: KubeObject): string {
  return keyOfName(object.metadata);
}

export function keyOfName(at: ObjectName): string {
  return at.namespace === undefined || at.namespace === "" ? at.name : `${at.namespace}/${at.name}`;
}

/** The reverse of `keyOf`. */
export function splitKey(key: string): ObjectName {
  const slash = key.indexOf("/");
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
