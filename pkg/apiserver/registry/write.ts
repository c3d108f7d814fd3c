import { serviceUnavailable } from "#pkg/errors/index.ts";
import { StoreUnavailableError } from "#pkg/store/types.ts";
import { Entry, Stored } from "../cache/index.ts";
import type { HookTransaction, ResourceHooks } from "../types.ts";
import type { Obj, RegistryServices, Target } from "./services.ts";

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
  const stored = toStored(object, target);
  const { cache } = target;
  const namespace = object.metadata.namespace ?? "";
  const { name } = object.metadata;
  const revision = await storeCall(services.store.put(cache.key(namespace, name), stored, expected));
  const entry = cache.get(namespace, name);
  return entry?.revision === revision ? entry : Entry.of(namespace, name, stored, revision);
}

/** What a dry run answers: the object as it would be, at the revision it has. */
export function unwritten(target: Target, object: Obj, revision: number): Entry {
  const entry = Entry.of(object.metadata.namespace ?? "", object.metadata.name, toStored(object, target), revision);
  return entry;
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
export async function inTransaction<R>(
  transaction: HookTransaction | undefined,
  dryRun: boolean,
  work: () => Promise<R>,
): Promise<R> {
  let done = false;
  try {
    const result = await work();
    done = !dryRun;
    return result;
  } finally {
    await (done ? transaction?.commit() : transaction?.rollback());
  }
}
