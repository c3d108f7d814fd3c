import { apiVersionOf, type ResourceRef } from "#pkg/api/resource-ref.ts";
import type { ObjectReference } from "#pkg/api/types/core-v1.ts";

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly uid?: string | undefined;
    readonly resourceVersion?: string | undefined;
  };
}

/** What an event is about. `fieldPath` names a part: "spec.containers{app}". */
export function referenceTo(resource: ResourceRef<unknown>, object: Named, fieldPath?: string): ObjectReference {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  return {
    kind: resource.kind,
    apiVersion: apiVersionOf(resource),
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}
