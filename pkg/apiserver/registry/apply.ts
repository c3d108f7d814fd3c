import type { ResourceDefinition } from "#pkg/api/definition.ts";
import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import { type ApiError, badRequest, conflict, isAlreadyExists, notFound } from "#pkg/errors/index.ts";
import { type Applied, applyConfiguration, TypedError } from "../fieldmanager/index.ts";
import type { Reply } from "../types.ts";
import { type Configuration, readConfiguration } from "./apply-configuration.ts";
import { decodeObject, expectedOf } from "./body.ts";
import { authorizeCreate } from "./create-access.ts";
import { createObject } from "./create.ts";
import { guaranteedUpdate, type SubresourceRules } from "./guaranteed-update.ts";
import { matchPath, timestamp } from "./metadata.ts";
import { setManagedFields } from "./managed-fields.ts";
import { type ApplyOptions, applyOptions } from "./options.ts";
import { groupResource, type Obj, type RegistryServices, type Target } from "./services.ts";

/** Server-side apply of an object or of its status: creates what is not there. */
export async function apply(services: RegistryServices, target: Target, rules?: SubresourceRules): Promise<Reply> {
  const { context, definition } = target;
  const options = applyOptions(context);
  const config = await readConfiguration(services, context, definition, options.fieldValidation);
  if (target.cache.get(target.namespace, target.name) === undefined) {
    const created = await createApplied(services, target, config, options);
    if (created !== undefined) return created;
  }
  const entry = await guaranteedUpdate(services, target, {
    dryRun: options.dryRun,
    subresource: context.info.subresource,
    applied: true,
    fromLive: true,
    make: (old) => appliedTo(services, target, old, config, options),
    ...(rules === undefined ? {} : { rules }),
  });
  return { kind: "view", status: 200, definition, view: entry.as(definition) };
}

/** Undefined when somebody else was faster. */
async function createApplied(
  services: RegistryServices,
  target: Target,
  config: Configuration,
  options: ApplyOptions,
): Promise<Reply | undefined> {
  const { context, definition } = target;
  const resource = groupResource(definition);
  if (context.info.subresource !== "" || !definition.verbs.includes("create")) throw notFound(resource, target.name);
  const { uid } = config.metadata;
  if (typeof uid === "string" && uid !== "")
    throw conflict(
      resource,
      target.name,
      `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`,
    );
  await authorizeCreate(services, target);
  const { object, managedFields } = await applied(services, target, undefined, config, options);
  try {
    const entry = await createObject(services, target, object, options.dryRun, { managedFields });
    return { kind: "view", status: 201, definition, view: entry.as(definition) };
  } catch (err) {
    if (isAlreadyExists(err) && target.cache.get(target.namespace, target.name) !== undefined) return undefined;
    throw err;
  }
}

/** The live object with the configuration applied, and its managedFields. @throws 400, 409 */
export async function appliedTo(
  services: RegistryServices,
  target: Target,
  live: KubeObject,
  config: Configuration,
  options: ApplyOptions,
): Promise<Obj> {
  const { object, managedFields } = await applied(services, target, live, config, options);
  setManagedFields(object, managedFields);
  return object;
}

async function applied(
  services: RegistryServices,
  target: Target,
  live: KubeObject | undefined,
  config: Configuration,
  options: ApplyOptions,
): Promise<Applied<Obj>> {
  const { context, definition } = target;
  const expected = expectedOf(definition, services.decoder(definition));
  try {
    return await applyConfiguration(services.fields, {
      definition,
      live: live === undefined ? undefined : withoutRevision(live),
      config,
      manager: options.fieldManager,
      subresource: context.info.subresource,
      force: options.force,
      time: timestamp(services.now()),
      decode: (value) => {
        const object = decodeObject({ value, text: undefined }, expected, "Ignore", context.warn);
        matchPath(object, target);
        return object;
      },
    });
  } catch (err) {
    if (err instanceof TypedError) throw untyped(definition, target, err);
    // Values may be nested deeper than they can be compared.
    if (err instanceof RangeError) throw badRequest("error decoding YAML: exceeded max depth");
    throw err;
  }
}

function withoutRevision(live: KubeObject): KubeObject {
  const { resourceVersion: _revision, ...metadata } = live.metadata;
  return { ...live, metadata: metadata as KubeObject["metadata"] };
}

/** Upstream answers 500 with these words; the fault is the caller's, so the code says so here. */
function untyped(definition: ResourceDefinition, target: Target, err: TypedError): ApiError {
  const apiVersion = apiVersionOf(definition);
  const kind = `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}, Kind=${definition.kind}`;
  return badRequest(
    `failed to create typed patch object (${target.namespace}/${target.name}; ${kind}): ${err.message}`,
  );
}
