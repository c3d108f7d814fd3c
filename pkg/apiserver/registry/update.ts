import { badRequest, isAlreadyExists, isInvalid, notFound } from "#pkg/errors/index.ts";
import type { Entry } from "../cache/index.ts";
import type { Reply } from "../types.ts";
import { decodeObject, expectedOf, readBody } from "./body.ts";
import { authorizeCreate } from "./create-access.ts";
import { createObject } from "./create.ts";
import { guaranteedUpdate, otherUid, type SubresourceRules } from "./guaranteed-update.ts";
import { matchPath } from "./metadata.ts";
import { type FieldValidation, writeOptions } from "./options.ts";
import { groupResource, type Obj, type RegistryServices, type Target } from "./services.ts";

/** PUT of an object or of its status (any subresource whose body is the object itself). */
export async function update(services: RegistryServices, target: Target, rules?: SubresourceRules): Promise<Reply> {
  const { context, definition } = target;
  const options = writeOptions(context, "UpdateOptions");
  const raw = await readBody(services, context, definition.kind);
  if (raw === undefined) throw badRequest(`the object provided is unrecognized (must be of type ${definition.kind})`);
  const expected = expectedOf(definition, services.decoder(definition));
  const read = (fieldValidation: FieldValidation): Obj => {
    const object = decodeObject(raw, expected, fieldValidation, context.warn);
    matchPath(object, target);
    return object;
  };
  const isMissing = (): boolean => target.cache.get(target.namespace, target.name) === undefined;
  // Each attempt changes its object on the way; what is wrong with the body is said once.
  let object: Obj | undefined;
  try {
    object = read(options.fieldValidation);
  } catch (err) {
    // The kind of a custom resource is judged with its fields, where there is one to be changed.
    throw isInvalid(err) && isMissing() ? notFound(groupResource(definition), target.name) : err;
  }
  const subresource = context.info.subresource;
  if (isMissing()) {
    const { uid } = object.metadata;
    if (uid !== undefined && uid !== "") throw otherUid(target, uid, "");
    if (definition.strategy.allowCreateOnUpdate !== true || subresource !== "")
      throw notFound(groupResource(definition), target.name);
    const created = await createByUpdate(services, target, object, options.dryRun);
    if (created !== undefined) return { kind: "view", status: 201, definition, view: created.as(definition) };
    object = undefined;
  }
  const entry = await guaranteedUpdate(services, target, {
    dryRun: options.dryRun,
    subresource,
    make() {
      const now = object ?? read("Ignore");
      object = undefined;
      return now;
    },
    ...(rules === undefined ? {} : { rules }),
  });
  return { kind: "view", status: 200, definition, view: entry.as(definition) };
}

/** Undefined when somebody else was faster. */
async function createByUpdate(
  services: RegistryServices,
  target: Target,
  object: Obj,
  dryRun: boolean,
): Promise<Entry | undefined> {
  const { cache, namespace, name } = target;
  await authorizeCreate(services, target);
  // There is no revision that it could be bound to.
  object.metadata.resourceVersion = "";
  try {
    return await createObject(services, target, object, dryRun);
  } catch (err) {
    if (isAlreadyExists(err) && cache.get(namespace, name) !== undefined) return undefined;
    throw err;
  }
}
