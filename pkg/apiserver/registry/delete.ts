import type { KubeObject } from "#pkg/api/resource-ref.ts";
import type { Status } from "#pkg/api/types/meta-v1.ts";
import { conflict, MODIFIED } from "#pkg/errors/index.ts";
import { ConflictError } from "#pkg/store/types.ts";
import type { Entry } from "../cache/index.ts";
import type { Reply } from "../types.ts";
import { admitDelete } from "./admission.ts";
import { type DeletePlan, deletePlan } from "./delete-options.ts";
import { FOREGROUND, finalizersLeft, ORPHAN } from "./finalizers.ts";
import { remove } from "./guaranteed-update.ts";
import { timestamp } from "./metadata.ts";
import { existingReady, groupResource, type Obj, type RegistryServices, type Target } from "./services.ts";
import { hooksOf, put, unwritten } from "./write.ts";

const ATTEMPTS = 6;
/** Kinds whose delete answers the object even when it is gone (upstream's ReturnDeletedObject). */
const ANSWER_OBJECT = new Set([
  "pods",
  "podtemplates",
  "persistentvolumes",
  "persistentvolumeclaims",
  "resourcequotas",
  "serviceaccounts",
  "services",
  "storage.k8s.io/storageclasses",
  "storage.k8s.io/volumeattachments",
  "storage.k8s.io/csinodes",
  "storage.k8s.io/csidrivers",
  "storage.k8s.io/volumeattributesclasses",
  "resource.k8s.io/deviceclasses",
  "resource.k8s.io/resourceclaims",
  "resource.k8s.io/resourceclaimtemplates",
  "resource.k8s.io/resourceslices",
]);

/** DELETE of one object. Answers the object while it lingers, a Status once it is gone. */
export async function deleteOne(services: RegistryServices, target: Target): Promise<Reply> {
  const plan = await deletePlan(services, target);
  const { entry, gone } = await deleteObject(services, target, plan);
  const { definition } = target;
  if (!gone || ANSWER_OBJECT.has(target.cache.resource))
    return { kind: "view", status: 200, definition, view: entry.as(definition) };
  const status: Status = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name: entry.name,
      ...(definition.group === "" ? {} : { group: definition.group }),
      kind: definition.plural,
      uid: entry.view.object.metadata.uid,
    },
  };
  return { kind: "object", status: 200, object: status };
}

/** Deletes now, or marks the object so that whoever holds it back can finish. `admitted` as what it is part of: an eviction. */
export async function deleteObject(
  services: RegistryServices,
  target: Target,
  plan: DeletePlan,
  admitted = false,
): Promise<{ readonly entry: Entry; readonly gone: boolean }> {
  for (let attempt = 1; ; attempt++) {
    const entry = await existingReady(target);
    const old = entry.as(target.definition).object;
    checkPreconditions(target, plan, old);
    if (!admitted) await admitDelete(services, target, plan, old);
    try {
      const marked = mark(services, target, plan, old);
      if (marked === undefined) return { entry: await remove(services, target, entry, plan.dryRun), gone: true };
      if (marked === old) return { entry, gone: false };
      const written = plan.dryRun
        ? await unwritten(target, marked as Obj, entry.revision)
        : await put(services, target, marked as Obj, entry.revision);
      return { entry: written, gone: false };
    } catch (err) {
      if (!(err instanceof ConflictError)) throw err;
      if (attempt === ATTEMPTS) throw conflict(groupResource(target.definition), target.name, MODIFIED);
    }
  }
}

/** @throws 409 when the object is not the one that is meant; upstream names the kind here, not the resource */
export function checkPreconditions(target: Target, plan: DeletePlan, old: KubeObject): void {
  const { uid, resourceVersion } = plan.preconditions ?? {};
  const { group, kind } = target.definition;
  const failed = (why: string): Error => conflict({ group, plural: kind }, old.metadata.name, why);
  if (uid !== undefined && uid !== old.metadata.uid)
    throw failed(
      `the UID in the precondition (${uid}) does not match the UID in record (${old.metadata.uid}). The object might have been deleted and then recreated`,
    );
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion)
    throw failed(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${old.metadata.resourceVersion}). The object might have been modified`,
    );
}

/** The object as it must be written, itself when it may stay as it is, undefined when it can go. */
function mark(services: RegistryServices, target: Target, plan: DeletePlan, old: KubeObject): KubeObject | undefined {
  const { definition } = target;
  const { strategy } = definition;
  const now = services.now();
  // A negative period is no period, but not none: it means the shortest (upstream's BeforeDelete).
  const requested = (plan.gracePeriodSeconds ?? 0) < 0 ? 1 : plan.gracePeriodSeconds;
  const wanted = propagationFinalizers(definition.strategy.defaultPropagation, plan, old);
  const grace = strategy.gracePeriodSeconds?.(old, requested) ?? 0;
  // Whatever is changed below, also by hooks, is a new value in this copy.
  const object = { ...old, metadata: { ...old.metadata } } as Obj;
  if (wanted.length > 0) object.metadata.finalizers = [...wanted];
  else delete object.metadata.finalizers;
  if (old.metadata.deletionTimestamp === undefined) hooksOf(services, target)?.markDelete?.(object);
  const held = finalizersLeft(definition, object).length > 0;
  const pendingGrace = old.metadata.deletionGracePeriodSeconds;
  if (old.metadata.deletionTimestamp !== undefined) {
    const shorter = requested !== undefined && grace < (pendingGrace ?? 0);
    const left = shorter ? grace : (pendingGrace ?? 0);
    if (!held && left === 0) return undefined;
    if (shorter) {
      const deadline = Date.parse(old.metadata.deletionTimestamp) - ((pendingGrace ?? 0) - grace) * 1000;
      object.metadata.deletionTimestamp = timestamp(deadline);
      object.metadata.deletionGracePeriodSeconds = grace;
      return object;
    }
    return sameFinalizers(old, wanted) ? old : object;
  }
  if (!held && grace === 0) return undefined;
  object.metadata.deletionTimestamp = timestamp(now + grace * 1000);
  object.metadata.deletionGracePeriodSeconds = grace;
  if (object.metadata.generation !== undefined) object.metadata.generation++;
  // Kinds that are emptied before they go say so in their phase.
  if (definition.subresources["finalize"] !== undefined)
    object["status"] = { ...object["status"], phase: "Terminating" };
  return object;
}

const sameFinalizers = (old: KubeObject, wanted: readonly string[]): boolean =>
  (old.metadata.finalizers ?? []).join() === wanted.join();

/** The finalizers that the propagation policy asks for, for the garbage collector to act on. */
function propagationFinalizers(
  byDefault: "Background" | "Orphan" | undefined,
  plan: DeletePlan,
  old: KubeObject,
): readonly string[] {
  const now = old.metadata.finalizers ?? [];
  let policy = plan.propagationPolicy;
  if (plan.orphanDependents !== undefined) policy = plan.orphanDependents ? "Orphan" : "Background";
  if (policy === undefined) {
    if (now.includes(ORPHAN) || now.includes(FOREGROUND)) return now;
    if (byDefault !== "Orphan") return now;
    policy = "Orphan";
  }
  const others = now.filter((each) => each !== ORPHAN && each !== FOREGROUND);
  if (policy === "Orphan") return [...others, ORPHAN];
  if (policy === "Foreground") return [...others, FOREGROUND];
  return others;
}
