import type { Reply } from "../types.ts";
import { contentType, expectedOf } from "./body.ts";
import { guaranteedUpdate, type SubresourceRules } from "./guaranteed-update.ts";
import { matchPath } from "./metadata.ts";
import { writeOptions } from "./options.ts";
import { APPLY_PATCH, patchedObject, readPatch } from "./patch-body.ts";
import type { RegistryServices, Target } from "./services.ts";

/** PATCH of an object or of its status. */
export async function patch(services: RegistryServices, target: Target, rules?: SubresourceRules): Promise<Reply> {
  const { context, definition } = target;
  if (contentType(context) === APPLY_PATCH) return (await import("./apply.ts")).apply(services, target, rules);
  const options = writeOptions(context, "PatchOptions");
  const given = await readPatch(context, definition, options);
  const expected = expectedOf(definition, services.decoder(definition));
  const entry = await guaranteedUpdate(services, target, {
    dryRun: options.dryRun,
    subresource: context.info.subresource,
    fromLive: true,
    make: (old, attempt) => {
      // What is to be said of the patch is said once.
      const warn = attempt === 1 ? context.warn : () => {};
      const object = patchedObject(given, old, expected, options, warn);
      matchPath(object, target);
      // Only a patch that names another revision is bound to one: what loses a race is applied again.
      const { metadata } = object as { metadata: { resourceVersion?: string } };
      if (metadata.resourceVersion === old.metadata.resourceVersion) delete metadata.resourceVersion;
      return object;
    },
    ...(rules === undefined ? {} : { rules }),
  });
  return { kind: "view", status: 200, definition, view: entry.as(definition) };
}
