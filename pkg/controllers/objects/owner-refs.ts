import { apiVersionOf, type KubeObject, type ResourceRef } from "#pkg/api/index.ts";
import type { OwnerReference } from "#pkg/api/types/meta-v1.ts";

/** The reference that makes `owner` the managing controller of an object. */
export function controllerRefTo(resource: ResourceRef<unknown>, owner: KubeObject): OwnerReference {
  return { ...ownerRefTo(resource, owner), controller: true, blockOwnerDeletion: true };
}

export function ownerRefTo(resource: ResourceRef<unknown>, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
  };
}

/** The managing controller, of which an object has one at most. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((ref) => ref.controller === true);
}

/** Index function: the uid of the managing controller. */
export function controllerUid(object: KubeObject): string[] {
  const ref = controllerOf(object);
  return ref === undefined ? [] : [ref.uid];
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}
