import type { StatefulSet, StatefulSetStatus } from "#pkg/api/types/apps-v1.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { isPodAvailable, isPodFinished, isPodReady, omitZero, scaledValue } from "../objects/index.ts";
import { ordinalOf, revisionOf } from "./pod-identity.ts";

/** What one sync does, in this order. */
export interface StatefulPlan {
  readonly create: readonly { readonly ordinal: number; readonly revision: "current" | "update" }[];
  readonly remove: readonly Pod[];
  /** Ended pods among `remove`, which come back under the same name. */
  readonly ended: readonly Pod[];
}

export interface StatefulView {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  /** Names of the revisions that pods should be at before and after the update under way. */
  readonly currentRevision: string;
  readonly updateRevision: string;
  readonly now: number;
}

interface Slots {
  readonly start: number;
  readonly count: number;
  /** By ordinal; undefined where there is no pod. */
  readonly replicas: readonly (Pod | undefined)[];
  /** Pods beyond the wanted ordinals, the highest first. */
  readonly condemned: readonly Pod[];
}

const isGoing = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
const isHealthy = (view: StatefulView, pod: Pod): boolean =>
  !isGoing(pod) &&
  pod.status?.phase === "Running" &&
  isPodReady(pod) &&
  isPodAvailable(pod, view.set.spec.minReadySeconds ?? 0, view.now);

function slotsOf({ set, pods }: StatefulView): Slots {
  const start = set.spec.ordinals?.start ?? 0;
  const count = set.spec.replicas ?? 1;
  const replicas = Array.from<Pod | undefined>({ length: count });
  const condemned: { ordinal: number; pod: Pod }[] = [];
  for (const pod of pods) {
    const ordinal = ordinalOf(set, pod);
    if (ordinal === undefined) continue;
    if (ordinal >= start && ordinal < start + count) replicas[ordinal - start] = pod;
    else condemned.push({ ordinal, pod });
  }
  condemned.sort((a, b) => b.ordinal - a.ordinal);
  return { start, count, replicas, condemned: condemned.map(({ pod }) => pod) };
}

/**
 * Ordered sets take one step at a time: up in order, each pod after the one before is ready; down and updating in
 * reverse order. Parallel sets create and delete at once and only update in order.
 */
export function planStateful(view: StatefulView): StatefulPlan {
  const slots = slotsOf(view);
  const ordered = view.set.spec.podManagementPolicy !== "Parallel";
  const create: StatefulPlan["create"][number][] = [];
  const remove: Pod[] = [];
  const ended: Pod[] = [];
  const plan = { create, remove, ended };
  if (view.set.metadata.deletionTimestamp !== undefined) return plan;

  for (const [i, pod] of slots.replicas.entries()) {
    if (pod === undefined) {
      create.push({ ordinal: slots.start + i, revision: revisionFor(view, slots, i) });
      if (ordered) return plan;
    } else if (isPodFinished(pod) && !isGoing(pod)) {
      remove.push(pod);
      ended.push(pod);
      if (ordered) return plan;
    } else if (ordered && !isHealthy(view, pod)) return plan;
  }
  const firstUnhealthy = [...slots.replicas, ...slots.condemned.toReversed()].find(
    (pod) => pod !== undefined && !isHealthy(view, pod),
  );
  for (const pod of slots.condemned) {
    if (isGoing(pod)) {
      if (ordered) return plan;
      continue;
    }
    // A broken pod below would have to be waited for; only when it is the first of them may it go itself.
    if (ordered && !isHealthy(view, pod) && pod !== firstUnhealthy) return plan;
    remove.push(pod);
    if (ordered) return plan;
  }
  if (create.length + remove.length > 0 || view.set.spec.updateStrategy?.type === "OnDelete") return plan;
  remove.push(...outdated(view, slots));
  return plan;
}

/** The pods to replace now: from the highest ordinal down to the partition, no more than may be unavailable. */
function outdated(view: StatefulView, slots: Slots): Pod[] {
  const rolling = view.set.spec.updateStrategy?.rollingUpdate;
  const partition = rolling?.partition ?? 0;
  const allowed = Math.max(1, scaledValue(rolling?.maxUnavailable ?? 1, slots.count, "up"));
  let unavailable = slots.replicas.filter((pod) => pod === undefined || !isHealthy(view, pod)).length;
  const chosen: Pod[] = [];
  for (let i = slots.count - 1; i >= partition; i--) {
    const pod = slots.replicas[i];
    if (pod === undefined || isGoing(pod)) continue;
    if (revisionOf(pod) === view.updateRevision) {
      // With one at a time, the one just replaced must be well before the next goes.
      if (allowed === 1 && !isHealthy(view, pod)) return chosen;
      continue;
    }
    const healthy = isHealthy(view, pod);
    if (healthy && unavailable >= allowed) return chosen;
    if (healthy) unavailable++;
    chosen.push(pod);
    if (chosen.length >= allowed) return chosen;
  }
  return chosen;
}

/** A pod that has to be made anew keeps its revision until the update, coming from above, has reached its ordinal. */
function revisionFor(view: StatefulView, slots: Slots, index: number): "current" | "update" {
  const { updateStrategy } = view.set.spec;
  if (updateStrategy?.type === "OnDelete") return "update";
  if (index < (updateStrategy?.rollingUpdate?.partition ?? 0)) return "current";
  const above = slots.replicas.slice(index + 1).filter((pod) => pod !== undefined);
  return above.every((pod) => revisionOf(pod) === view.updateRevision) ? "update" : "current";
}

export function statefulStatus(view: StatefulView, collisionCount: number | undefined): StatefulSetStatus {
  const slots = slotsOf(view);
  const all = [...slots.replicas, ...slots.condemned].filter((pod) => pod !== undefined);
  const alive = all.filter((pod) => !isGoing(pod));
  const minReady = view.set.spec.minReadySeconds ?? 0;
  const ready = all.filter((pod) => pod.status?.phase === "Running" && isPodReady(pod));
  const available = ready.filter((pod) => isPodAvailable(pod, minReady, view.now)).length;
  const updated = alive.filter((pod) => revisionOf(pod) === view.updateRevision).length;
  const current = alive.filter((pod) => revisionOf(pod) === view.currentRevision).length;
  const complete =
    view.set.spec.updateStrategy?.type !== "OnDelete" && updated === all.length && ready.length === all.length;
  return omitZero(
    {
      observedGeneration: view.set.metadata.generation ?? 0,
      replicas: all.length,
      readyReplicas: ready.length,
      availableReplicas: available,
      currentReplicas: complete ? updated : current,
      updatedReplicas: updated,
      currentRevision: complete ? view.updateRevision : view.currentRevision,
      updateRevision: view.updateRevision,
      collisionCount: collisionCount ?? 0,
      ...(view.set.status?.conditions === undefined ? {} : { conditions: view.set.status.conditions }),
    },
    // A pointer upstream: written even when 0.
    ["replicas", "availableReplicas", "collisionCount"],
  );
}
