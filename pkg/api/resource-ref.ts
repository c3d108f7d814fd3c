import type { ObjectMeta } from "./types/meta-v1.ts";

/** What every API object has. Fields beyond these are the kind's own. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** Names a resource of the API and carries its object type: `client.get(pods, …)` returns a `Pod`. */
export interface ResourceRef<T = KubeObject> {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The resource's name in paths, e.g. "pods". */
  readonly plural: string;
  readonly namespaced: boolean;
  /** Never set; ties the reference to its object type. */
  readonly object?: T;
}

/** A deep copy of API data may be changed; what the client and the caches hand out may not. */
export type Mutable<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { -readonly [K in keyof T]: Mutable<T[K]> }
    : T;

/** An object as a caller writes it: the server fills in uid, resourceVersion and creationTimestamp. */
export type NewObject<T> = T extends { readonly metadata: ObjectMeta }
  ? Omit<T, "metadata"> & { readonly metadata: Partial<ObjectMeta> }
  : T;

/** "v1" or "apps/v1". */
export function apiVersionOf(ref: { readonly group: string; readonly version: string }): string {
  return ref.group === "" ? ref.version : `${ref.group}/${ref.version}`;
}

/** A changeable deep copy of API data. */
export function mutableCopy<T>(object: T): Mutable<T> {
  return structuredClone(object) as Mutable<T>;
}
