import { badRequest, notFound } from "#pkg/errors/index.ts";
import type { Entry } from "../cache/index.ts";
import type { Reply } from "../types.ts";
import { decodeObject, expectedOf, readBody } from "./body.ts";
import { authorizeCreate } from "./create-access.ts";
import { createObject } from "./create.ts";
import { guaranteedUpdate, type SubresourceRules } from "./guaranteed-update.ts";
import { matchPath } from "./metadata.ts";
import { writeOptions } from "./options.ts";
import { groupResource, type RegistryServices, type Target } from "./services.ts";

/** PUT of an object or of its status (any subresource whose body is the object itself). */
export async function update(services: RegistryServices, target: Target, rules?: SubresourceRules): Promise<Reply> {
  const { context, definition } = target;
  const options = writeOptions(context, "UpdateOptions");
  const raw = await readBody(services, context, definition.kind);
  if (raw === undefined) throw badRequest(`the object provided is unrecognized (must be of type ${definition.kind})`);
  const expected = expectedOf(definition, services.decoder(definition));
  const object = decodeObject(raw, expected, options.fieldValidation, context.warn);
  matchPath(object, target);
  const subresource = context.info.subresource;
  if (target.cache.get(target.namespace, target.name) === undefined) {
    if (definition.strategy.allowCreateOnUpdate !== true || subresource !== "")
      throw notFound(groupResource(definition), target.name);
    await authorizeCreate(services, target);
    const created = await createObject(services, target, object, options.dryRun);
    return { kind: "view", status: 201, definition, view: created.as(definition) };
  }
  const entry: Entry = await guaranteedUpdate(services, target, {
    dryRun: options.dryRun,
    subresource,
    make: (_old, attempt) => {
      if (attempt === 1) return object;
      // The first attempt changed its object on the way.
      const again = decodeObject(raw, expected, "Ignore", context.warn);
      matchPath(again, target);
      return again;
    },
    ...(rules === undefined ? {} : { rules }),
  });
  return { kind: "view", status: 200, definition, view: entry.as(definition) };
}
