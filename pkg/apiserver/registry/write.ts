import { apiVersionOf, type KubeObject } from "#pkg/api/resource-ref.ts";
import { serviceUnavailable } from "#pkg/errors/index.ts";
import { StoreUnavailableError } from "#pkg/store/types.ts";
import { Entry, Stored } from "../cache/index.ts";
import type { HookTransaction, ResourceHooks } from "../types.ts";
import type { Obj, RegistryServices, Target } from "./services.ts";
import { checkStillCreatable } from "./still-served.ts";

/** The object as the store keeps it: in the stored version, canonical order, no resourceVersion. */
export function toStored(object: Obj, target: Target): Stored {
  const { storage } = target.definition;
  const converted = storage.toStorage === undefined ? object : storage.toStorage(object);
  const { kind, apiVersion: _apiVersion, metadata, ...rest } = converted as Obj;
  const { resourceVersion: _resourceVersion, ...meta } = metadata;
  return Stored.of({ kind, apiVersion: storage.apiVersion, metadata: meta, ...rest } as Obj);
}

/** Writes and answers the entry as it is served. @throws ConflictError of the store, 503 when the disk refuses */
export async function put(services: RegistryServices, target: Target, object: Obj, expected: number): Promise<Entry> {
  const { cache, definition } = target;
  const { convert } = definition.storage;
  const stored = toStored(convert === undefined ? object : await converted(object, target), target);
  const namespace = object.metadata.namespace ?? "";
  const { name } = object.metadata;
  if (expected === 0) checkStillCreatable(services, target);
  const revision = await storeCall(services.store.put(cache.key(namespace, name), stored, expected));
  const known = cache.get(namespace, name);
  const entry = known?.revision === revision ? known : Entry.of(namespace, name, stored, revision);
  if (convert !== undefined) await entry.ready(definition);
  return entry;
}

/** What a dry run answers: the object as it would be, at the revision it has. */
export async function unwritten(target: Target, object: Obj, revision: number): Promise<Entry> {
  const { definition } = target;
  const stored = toStored(definition.storage.convert === undefined ? object : await converted(object, target), target);
  const entry = Entry.of(object.metadata.namespace ?? "", object.metadata.name, stored, revision);
  await entry.ready(definition);
  return entry;
}

/** What a conversion webhook makes of the object for the store. */
async function converted(object: Obj, { definition }: Target): Promise<Obj> {
  const { convert, apiVersion } = definition.storage;
  if (convert === undefined || apiVersion === apiVersionOf(definition)) return object;
  const [stored] = await convert([object as unknown as KubeObject], apiVersion);
  return stored as Obj;
}

export async function storeCall<R>(call: Promise<R>): Promise<R> {
  try {
    return await call;
  } catch (err) {
    if (err instanceof StoreUnavailableError) throw serviceUnavailable(err.message);
    throw err;
  }
}

export function hooksOf(services: RegistryServices, target: Target): ResourceHooks | undefined {
  return services.hooks[target.cache.resource];
}

/** Runs `work` between a hook's begin and its commit or rollback. */
export function inTransaction<R>(
  transaction: HookTransaction | undefined,
  dryRun: boolean,
  work: () => Promise<R>,
): Promise<R> {
  return transaction === undefined ? work() : within(transaction, dryRun, work);
}

async function within<R>(transaction: HookTransaction, dryRun: boolean, work: () => Promise<R>): Promise<R> {
  let done = false;
  try {
    const result = await work();
    done = !dryRun;
    return result;
  } finally {
    await (done ? transaction.commit() : transaction.rollback());
  }
}
