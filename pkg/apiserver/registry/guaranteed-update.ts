import { IMMUTABLE } from "#pkg/api/field-checks.ts";
import type { KubeObject } from "#pkg/api/resource-ref.ts";
import {
  type ApiError,
  badRequest,
  conflict,
  type FieldError,
  fieldError,
  invalid,
  MODIFIED,
} from "#pkg/errors/index.ts";
import { ConflictError } from "#pkg/store/types.ts";
import type { Entry } from "../cache/index.ts";
import { updateAdmission } from "./admission.ts";
import { isSameIgnoringTimes, isSameValue } from "../fieldmanager/index.ts";
import { copyJson } from "./copy-json.ts";
import { finalizersLeft } from "./finalizers.ts";
import { setManagedFields, trackUpdate } from "./managed-fields.ts";
import { keepSystemMetadata, validateMetadata } from "./metadata.ts";
import { existingReady, groupResource, type Obj, type RegistryServices, type Target } from "./services.ts";
import { hooksOf, inTransaction, put, storeCall, unwritten } from "./write.ts";

const ATTEMPTS = 6;

export interface UpdateRequest {
  readonly dryRun: boolean;
  /** "" for the object itself. */
  readonly subresource: string;
  /**
   * The object as it should be, made from what is there now; its own copy, in the request's version. A resourceVersion
   * in it makes the update conditional. Called again when another writer was faster. `attempt` counts from 1.
   */
  readonly make: (old: KubeObject, attempt: number) => Obj | Promise<Obj>;
  /** `make` begins with the object that is there: without a resourceVersion it is bound to none. */
  readonly fromLive?: true;
  /** What `make` returns has its managedFields already. */
  readonly applied?: true;
  /** Instead of the strategy's rules for the object or its status; sees the object after `make`. */
  readonly rules?: SubresourceRules;
  /** What admission sees of the object: the subresource's own body, made from it and put back into it. */
  readonly body?: { of(object: KubeObject): Obj; into(object: Obj, body: Obj): void };
  /** The write is part of something that was admitted before (a binding, an eviction). */
  readonly admitted?: true;
}

export interface SubresourceRules {
  /** Whether a change besides metadata and status counts as a new generation. */
  readonly generation?: boolean;
  prepare?(object: Obj, old: KubeObject): void;
  validate?(object: Obj, old: KubeObject): FieldError[];
}

/** Read, change, check, compare-and-swap; again while an unconditional update loses the race. */
export async function guaranteedUpdate(
  services: RegistryServices,
  target: Target,
  request: UpdateRequest,
): Promise<Entry> {
  for (let attempt = 1; ; attempt++) {
    const entry = await existingReady(target);
    const old = entry.as(target.definition).object;
    const object = await request.make(old, attempt);
    const condition = checkPreconditions(target, object, old, request.fromLive === true);
    try {
      return await updateOnce(services, target, request, entry, old, object);
    } catch (err) {
      if (!(err instanceof ConflictError)) throw err;
      if (condition || attempt === ATTEMPTS) throw conflict(groupResource(target.definition), target.name, MODIFIED);
    }
  }
}

/** True when the update is bound to a revision. @throws 409 when that is not the one there is */
function checkPreconditions(target: Target, object: Obj, old: KubeObject, fromLive: boolean): boolean {
  const { definition } = target;
  const { uid, resourceVersion } = object.metadata;
  const isOther = uid !== undefined && uid !== "" && uid !== old.metadata.uid;
  if (isOther && !fromLive) throw otherUid(target, uid, old.metadata.uid);
  if (resourceVersion === undefined || resourceVersion === "" || resourceVersion === "0") {
    if (!fromLive && definition.strategy.allowUnconditionalUpdate === false)
      // As upstream, which says the resource's name for the kind here, and the revision as a number.
      throw invalid(definition.group, definition.plural, target.name, [
        fieldError.invalid("metadata.resourceVersion", 0, "must be specified for an update"),
      ]);
    if (isOther) throw uidChanged(target, uid);
    return false;
  }
  if (!/^\d+$/.test(resourceVersion))
    throw badRequest(`unable to parse resource version ${JSON.stringify(resourceVersion)}`);
  if (resourceVersion !== old.metadata.resourceVersion)
    throw conflict(groupResource(definition), target.name, MODIFIED);
  if (isOther) throw uidChanged(target, uid);
  return true;
}

/** Patches have no precondition: for them the uid is a field like others. */
const uidChanged = ({ definition, name }: Target, uid: string): ApiError =>
  invalid(definition.group, definition.kind, name, [fieldError.invalid("metadata.uid", uid, IMMUTABLE)]);

/** The object that a PUT meant is not the one there is. */
export function otherUid({ definition, cache, namespace, name }: Target, meant: string, uid: string): ApiError {
  const what = `StorageError: invalid object, Code: 4, Key: ${cache.key(namespace, name)}, ResourceVersion: 0`;
  const why = `Precondition failed: UID in precondition: ${meant}, UID in object meta: ${uid}`;
  return conflict(groupResource(definition), name, `${what}, AdditionalErrorMsg: ${why}`);
}

async function updateOnce(
  services: RegistryServices,
  target: Target,
  request: UpdateRequest,
  entry: Entry,
  old: KubeObject,
  object: Obj,
): Promise<Entry> {
  const { context, definition } = target;
  const { strategy } = definition;
  const isMain = request.subresource === "" && request.rules === undefined;
  const given = object.metadata.managedFields;
  const loading = strategy.ready?.();
  if (loading !== undefined) await loading;
  keepSystemMetadata(object, old);
  if (request.subresource === "status" && request.rules === undefined) takeOnlyStatus(object, old);
  // What rules make of the old object has its defaults, and may share parts with it.
  if (request.rules === undefined || request.rules.generation === true) strategy.defaults?.(object);
  if (request.applied === true) setManagedFields(object, given);
  else if (request.rules === undefined) {
    const tracking = trackUpdate(services, target, object, old, given, request.subresource);
    if (tracking !== undefined) await tracking;
  }
  const admission = updateAdmission(services, target, request, object, old);
  const admitting = admission.admit();
  const mended = admitting instanceof Promise ? await admitting : admitting;
  // Nor do webhooks change more through /status than its callers can.
  if (mended && request.subresource === "status" && request.rules === undefined) takeOnlyStatus(object, old);
  const hook = { user: context.user, dryRun: request.dryRun, warn: context.warn };
  const beginning = isMain ? hooksOf(services, target)?.beginUpdate?.(object, old, hook) : undefined;
  const transaction = beginning === undefined ? undefined : await beginning;
  try {
    return await inTransaction(transaction, request.dryRun, async () => {
      if (request.rules !== undefined) {
        request.rules.prepare?.(object, old);
        // What such a write takes of the request is known only now.
        if (request.applied !== true) await trackUpdate(services, target, object, old, given, request.subresource);
      } else if (isMain) {
        if (definition.subresources["status"] !== undefined) keepStatus(object, old);
        strategy.prepareForUpdate?.(object, old);
      } else strategy.prepareForStatusUpdate?.(object, old);
      if (strategy.generation === true && (isMain || request.rules?.generation === true)) bumpGeneration(object, old);
      const errors = validateChange(target, request, object, old);
      if (errors.length > 0) throw invalid(definition.group, definition.kind, target.name, errors);
      if (isMain) for (const text of strategy.warnings?.(object, old) ?? []) context.warn(text);
      const judging = admission.validate();
      if (judging !== undefined) await judging;
      if (completesDeletion(target, object)) return remove(services, target, entry, request.dryRun);
      // What was stored in another version is written again: that is how storage is migrated.
      if (entry.storedAs === definition.storage.apiVersion && isSame(object, old)) return entry;
      if (request.dryRun) return unwritten(target, object, entry.revision);
      transaction?.writing?.();
      return put(services, target, object, entry.revision);
    });
  } finally {
    admission.done();
  }
}

function validateChange(target: Target, request: UpdateRequest, object: Obj, old: KubeObject): FieldError[] {
  const { definition } = target;
  const { strategy } = definition;
  const errors = validateMetadata(object, definition);
  if (old.metadata.deletionTimestamp !== undefined) {
    const added = (object.metadata.finalizers ?? []).filter((each) => !old.metadata.finalizers?.includes(each));
    if (added.length > 0)
      errors.push(
        fieldError.forbidden(
          "metadata.finalizers",
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((each) => JSON.stringify(each)).join(", ")}}`,
        ),
      );
  }
  if (request.rules !== undefined) errors.push(...(request.rules.validate?.(object, old) ?? []));
  else if (request.subresource === "") errors.push(...(strategy.validateUpdate?.(object, old) ?? []));
  else errors.push(...(strategy.validateStatusUpdate?.(object, old) ?? []));
  return errors;
}

/** A status update changes status, and metadata besides what the server keeps; the rest stays. */
function takeOnlyStatus(object: Obj, old: KubeObject): void {
  for (const key of Object.keys(object)) if (key !== "status" && key !== "metadata") delete object[key];
  for (const [key, value] of Object.entries(old))
    if (key !== "status" && key !== "metadata") object[key] = copyJson(value);
}

function keepStatus(object: Obj, old: KubeObject): void {
  const { status } = old as { status?: unknown };
  if (status === undefined) delete object["status"];
  else object["status"] = copyJson(status);
}

function bumpGeneration(object: Obj, old: KubeObject): void {
  const { metadata: _a, status: _b, kind: _c, apiVersion: _d, ...now } = object;
  const { metadata: _e, status: _f, kind: _g, apiVersion: _h, ...was } = old as Obj;
  if (!isSameValue(now, was)) object.metadata.generation = (old.metadata.generation ?? 0) + 1;
}

/** The last finalizer of an object that is being deleted went, and nobody waits for its grace period any more. */
function completesDeletion(target: Target, object: Obj): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    (deletionGracePeriodSeconds ?? 0) === 0 &&
    finalizersLeft(target.definition, object).length === 0
  );
}

/** Removes the object. @throws ConflictError of the store */
export async function remove(
  services: RegistryServices,
  target: Target,
  entry: Entry,
  dryRun: boolean,
): Promise<Entry> {
  if (dryRun) return entry;
  const revision = await storeCall(
    services.store.delete(target.cache.key(entry.namespace, entry.name), entry.revision),
  );
  const hook = { user: target.context.user, dryRun, warn: target.context.warn };
  await hooksOf(services, target)?.afterDelete?.(entry.view.frozen, hook);
  return entry.at(revision);
}

/** Times in managedFields alone are no change. */
function isSame(object: Obj, old: KubeObject): boolean {
  for (const key in object) if (key !== "metadata" && !isSameValue(object[key], (old as Obj)[key])) return false;
  for (const key in old) if ((old as Obj)[key] !== undefined && object[key] === undefined) return false;
  const { resourceVersion: _a, managedFields, ...metadata } = object.metadata;
  const { resourceVersion: _b, managedFields: managedBefore, ...before } = old.metadata;
  return isSameValue(metadata, before) && isSameIgnoringTimes(managedFields, managedBefore);
}
