import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { ApiError } from "#pkg/errors/index.ts";
import type { RegistryServices, Target } from "./services.ts";

/** What a path that names no resource is answered with. */
export function unknownResource(): ApiError {
  return new ApiError(404, "NotFound", "the server could not find the requested resource", {});
}

/** Nothing new is made of what goes. @throws 405 */
export function checkNotTerminating({ group, plural, terminating }: ResourceDefinition): void {
  if (terminating !== true) return;
  const why = "create not allowed while custom resource definition is terminating";
  throw new ApiError(405, "MethodNotAllowed", why, { group, kind: plural });
}

/**
 * The same in the turn in which a new object is handed to the store: its CRD may have gone while admission took its time,
 * and what is stored after the last object was deleted would stay for ever. @throws 404, 405
 */
export function checkStillCreatable({ resources, cache }: RegistryServices, target: Target): void {
  const { group, version, plural, storage } = target.definition;
  const now = resources.find(group, version, plural);
  if (now === undefined || cache.resource(storage.prefix) !== target.cache) throw unknownResource();
  checkNotTerminating(now);
}

/** Whether the request's definition is still the one that serves; a CRD may have changed since. */
export function isStillServed({ resources }: RegistryServices, { definition }: Target): boolean {
  return resources.find(definition.group, definition.version, definition.plural) === definition;
}
