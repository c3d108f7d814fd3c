import type { ResourceRef } from "#pkg/api/resource-ref.ts";

/** The parts of a resource's path that a call chooses. Without a name it is the collection. */
export interface PathParts {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly subresource?: string | undefined;
}

/** "/apis/apps/v1/namespaces/a/deployments/b/status". Segments are percent-encoded. */
export function resourcePath(resource: ResourceRef<unknown>, parts: PathParts): string {
  let path = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  if (resource.namespaced && parts.namespace !== undefined)
    path += `/namespaces/${encodeURIComponent(parts.namespace)}`;
  path += `/${resource.plural}`;
  if (parts.name !== undefined) {
    // An empty name would turn a call about one object into one about all of them.
    if (parts.name === "") throw new TypeError(`A call about one of ${resource.plural} needs a name`);
    if (resource.namespaced && parts.namespace === undefined) {
      throw new TypeError(`A call about ${resource.plural} "${parts.name}" needs a namespace`);
    }
    path += `/${encodeURIComponent(parts.name)}`;
  }
  return parts.subresource === undefined ? path : `${path}/${parts.subresource}`;
}
