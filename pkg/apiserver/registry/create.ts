import type { KubeObject } from "#pkg/api/resource-ref.ts";
import { alreadyExists, ApiError, badRequest, invalid } from "#pkg/errors/index.ts";
import { ConflictError } from "#pkg/store/types.ts";
import type { Entry } from "../cache/index.ts";
import type { Reply } from "../types.ts";
import { decodeObject, expectedOf, readBody } from "./body.ts";
import { copyJson } from "./copy-json.ts";
import { setManagedFields, trackCreate } from "./managed-fields.ts";
import { generateName, initialMetadata, matchPath, validateMetadata } from "./metadata.ts";
import { writeOptions } from "./options.ts";
import { groupResource, type Obj, type RegistryServices, type Target } from "./services.ts";
import { hooksOf, inTransaction, put, unwritten } from "./write.ts";
import { WriteAttributes } from "./write-attributes.ts";

const NAME_ATTEMPTS = 8;

/** POST of a new object. */
export async function create(services: RegistryServices, target: Target): Promise<Reply> {
  const { context, definition } = target;
  const options = writeOptions(context, "CreateOptions");
  const raw = await readBody(services, context, definition.kind);
  if (raw === undefined) throw badRequest(`the object provided is unrecognized (must be of type ${definition.kind})`);
  const expected = expectedOf(definition, services.decoder(definition));
  const object = decodeObject(raw, expected, options.fieldValidation, context.warn);
  matchPath(object, target);
  const entry = await createObject(services, target, object, options.dryRun);
  return { kind: "view", status: 201, definition, view: entry.as(definition) };
}

/** Who owns what of an object that server-side apply made. */
export interface Owners {
  readonly managedFields: KubeObject["metadata"]["managedFields"];
}

/** Everything after decoding: defaults, admission, validation, the write. Tries other names when one was generated. */
export async function createObject(
  services: RegistryServices,
  target: Target,
  object: Obj,
  dryRun: boolean,
  applied?: Owners,
): Promise<Entry> {
  const { definition } = target;
  const meta = object.metadata;
  if (meta.resourceVersion !== undefined && meta.resourceVersion !== "" && meta.resourceVersion !== "0")
    throw badRequest("resourceVersion should not be set on objects to be created");
  const prefix = meta.name === undefined || meta.name === "" ? (meta.generateName ?? "") : "";
  for (let attempt = 1; ; attempt++) {
    if (prefix !== "") object.metadata.name = generateName(prefix);
    try {
      return await createOnce(services, target, prefix === "" ? object : copyJson(object), dryRun, applied);
    } catch (err) {
      if (!(err instanceof ConflictError)) throw err;
      if (prefix === "") throw alreadyExists(groupResource(definition), object.metadata.name);
      if (attempt === NAME_ATTEMPTS) throw noUniqueName(target, object.metadata.name);
    }
  }
}

async function createOnce(
  services: RegistryServices,
  target: Target,
  object: Obj,
  dryRun: boolean,
  applied: Owners | undefined,
): Promise<Entry> {
  const { context, definition } = target;
  const { strategy } = definition;
  const given = object.metadata.managedFields;
  const loading = strategy.ready?.();
  if (loading !== undefined) await loading;
  initialMetadata(object, definition, services.now());
  strategy.defaults?.(object);
  if (applied !== undefined) setManagedFields(object, applied.managedFields);
  else {
    const tracking = trackCreate(services, target, object, given);
    if (tracking !== undefined) await tracking;
  }
  const attempt = new WriteAttributes(services, target, { operation: "CREATE", object, dryRun });
  const admitting = services.admission.admit(attempt);
  if (admitting !== undefined) await admitting;
  const hook = { user: context.user, dryRun, warn: context.warn };
  const beginning = hooksOf(services, target)?.beginCreate?.(object, hook);
  const transaction = beginning === undefined ? undefined : await beginning;
  try {
    return await inTransaction(transaction, dryRun, async () => {
      strategy.prepareForCreate?.(object);
      const errors = [...validateMetadata(object, definition), ...(strategy.validate?.(object) ?? [])];
      if (errors.length > 0) throw invalid(definition.group, definition.kind, object.metadata.name ?? "", errors);
      for (const text of strategy.warnings?.(object, undefined) ?? []) context.warn(text);
      const judging = services.admission.validate(attempt);
      if (judging !== undefined) await judging;
      const namespace = object.metadata.namespace ?? "";
      const found = target.cache.get(namespace, object.metadata.name);
      if (found !== undefined)
        throw new ConflictError(target.cache.key(namespace, object.metadata.name), 0, found.revision);
      if (dryRun) return unwritten(target, object, 0);
      transaction?.writing?.();
      return put(services, target, object, 0);
    });
  } finally {
    attempt.done();
  }
}

/** Upstream's NewGenerateNameConflict. */
function noUniqueName({ definition }: Target, name: string): ApiError {
  const { code, reason, message, details } = alreadyExists(groupResource(definition), name);
  return new ApiError(code, reason, `${message}, the server was not able to generate a unique name for the object`, {
    ...details,
    retryAfterSeconds: 1,
  });
}
