import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";
import { badRequest } from "#pkg/errors/index.ts";
import type { FieldManager } from "../fieldmanager/index.ts";
import { timestamp } from "./metadata.ts";
import { managerName } from "./options.ts";
import type { Obj, RegistryServices, Target } from "./services.ts";

type Entries = readonly ManagedFieldsEntry[] | undefined;

/**
 * Says in a new object who set what in it. `given` are the entries that the request brought. Returns what there is to
 * wait for where a webhook converts between versions.
 */
export function trackCreate(
  services: RegistryServices,
  target: Target,
  object: Obj,
  given: Entries,
): Promise<void> | undefined {
  return track(services, target, { old: undefined, now: object, given, subresource: "" });
}

/**
 * Says in a changed object who owns what now. A binding changes no owner, as upstream. Returns as
 * `trackCreate`.
 */
export function trackUpdate(
  services: RegistryServices,
  target: Target,
  object: Obj,
  old: KubeObject,
  given: Entries,
  subresource: string,
): Promise<void> | undefined {
  if (subresource !== "binding") return track(services, target, { old, now: object, given, subresource });
  setManagedFields(object, old.metadata.managedFields);
  return undefined;
}

type Change = Pick<Parameters<FieldManager["update"]>[0], "old" | "now" | "given" | "subresource">;

function track(services: RegistryServices, { context, definition }: Target, change: Change): Promise<void> | undefined {
  const write = { ...change, definition, manager: managerName(context), time: timestamp(services.now()) };
  try {
    const entries = services.fields.update(write);
    if (!(entries instanceof Promise)) {
      setManagedFields(change.now as Obj, entries);
      return undefined;
    }
    // Without its webhook a resource stays as writable as it was: the owners stay who they were.
    return entries.then(
      (found) => setManagedFields(change.now as Obj, found),
      () => setManagedFields(change.now as Obj, change.old?.metadata.managedFields),
    );
  } catch (err) {
    // Values may be nested deeper than they can be compared.
    if (err instanceof RangeError) throw badRequest("the object is nested too deeply");
    throw err;
  }
}

export function setManagedFields(object: Obj, entries: Entries): void {
  const metadata = object.metadata as { managedFields?: Entries };
  if (entries === undefined) delete metadata.managedFields;
  else metadata.managedFields = entries;
}
