import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { AdmissionChain } from "../admission/index.ts";
import { deleteCollection, type RegistryServices } from "../registry/index.ts";
import type { UserInfo } from "../types.ts";

/**
 * Deletes every object of a CRD that goes. Nobody is asked: neither admission nor a conversion webhook may keep a CRD
 * from going. `definition` is that of the stored version, as `storedDefinition` makes it.
 */
export async function deleteInstances(
  services: RegistryServices,
  definition: ResourceDefinition,
  user: UserInfo,
  signal: AbortSignal,
): Promise<void> {
  const { group, version, plural: resource, storage } = definition;
  const context = {
    info: {
      isResource: true,
      verb: "deletecollection",
      path: "",
      group,
      version,
      namespace: "",
      resource,
      subresource: "",
      name: "",
      rest: "",
    },
    method: "DELETE",
    path: "",
    query: new URLSearchParams(),
    headers: {},
    user,
    signal,
    body: async () => undefined,
    warn: () => {},
  };
  await deleteCollection(
    { ...services, admission: new AdmissionChain([]) },
    { context, definition, cache: services.cache.resource(storage.prefix), namespace: "", name: "" },
  );
}
