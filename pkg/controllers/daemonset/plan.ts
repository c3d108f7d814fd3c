import type { DaemonSet } from "#pkg/api/types/apps-v1.ts";
import type { Node, Pod } from "#pkg/api/types/core-v1.ts";
import { REVISION_HASH } from "../history/index.ts";
import { isPodAvailable, isPodReady, omitZero, scaledValue } from "../objects/index.ts";
import { nodeFit, targetNode } from "./node-fit.ts";

export interface DaemonPlan {
  /** Nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Ended pods among `remove`, which are told of: a daemon does not end. */
  readonly ended: readonly Pod[];
}

interface View {
  readonly ds: DaemonSet;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** Revision hash of the present template. */
  readonly hash: string;
  readonly now: number;
}

const isGoing = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
const byAge = (a: Pod, b: Pod): number => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1);

export function podsByNode(pods: readonly Pod[]): Map<string, Pod[]> {
  const found = new Map<string, Pod[]>();
  for (const pod of pods) {
    const node = targetNode(pod) ?? "";
    const there = found.get(node);
    if (there === undefined) found.set(node, [pod]);
    else there.push(pod);
  }
  return found;
}

/** One pod on each node that should have one: what is missing and what is too many, whatever the template's revision. */
export function planNodes({ ds, nodes, pods, hash, now }: View): DaemonPlan {
  const byNode = podsByNode(pods);
  const create: string[] = [];
  const remove: Pod[] = [];
  const ended: Pod[] = [];
  const surges = surgeOf(ds, 1) > 0;
  for (const node of nodes) {
    const name = node.metadata.name;
    const there = byNode.get(name) ?? [];
    byNode.delete(name);
    const { run, stay } = nodeFit(ds.spec.template, node);
    const alive = there.filter((pod) => !isGoing(pod));
    if (run && there.length === 0) create.push(name);
    else if (!stay) remove.push(...alive);
    else {
      const over = alive.filter((pod) => pod.status?.phase === "Failed" || pod.status?.phase === "Succeeded");
      ended.push(...over);
      const running = alive.filter((pod) => !over.includes(pod)).toSorted(byAge);
      // During a surge an old pod stays beside the new one until that is available.
      const updated = running.filter((pod) => isUpdated(pod, hash));
      const old = running.filter((pod) => !isUpdated(pod, hash));
      if (!surges) remove.push(...running.slice(1));
      else {
        remove.push(...updated.slice(1), ...old.slice(1));
        const [newest] = updated;
        if (newest !== undefined && isPodAvailable(newest, ds.spec.minReadySeconds ?? 0, now))
          remove.push(...old.slice(0, 1));
      }
    }
  }
  // Left: pods for nodes that are gone.
  for (const lost of byNode.values()) remove.push(...lost.filter((pod) => !isGoing(pod)));
  return { create, remove: [...remove, ...ended], ended };
}

function surgeOf(ds: DaemonSet, desired: number): number {
  if (ds.spec.updateStrategy?.type === "OnDelete") return 0;
  return scaledValue(ds.spec.updateStrategy?.rollingUpdate?.maxSurge ?? 0, desired, "up");
}

export const isUpdated = (pod: Pod, hash: string): boolean => pod.metadata.labels?.[REVISION_HASH] === hash;

/** One step of a rolling update: old pods to delete, or with a surge nodes that get a second pod. */
export function planUpdate({ ds, nodes, pods, hash, now }: View): DaemonPlan {
  const byNode = podsByNode(pods);
  const minReady = ds.spec.minReadySeconds ?? 0;
  const wanted = nodes.filter((node) => nodeFit(ds.spec.template, node).run);
  const surge = surgeOf(ds, wanted.length);
  const allowed = Math.max(
    surge > 0 ? 0 : 1,
    scaledValue(ds.spec.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, wanted.length, "up"),
  );
  let busy = 0;
  const broken: { node: string; pod: Pod }[] = [];
  const candidates: { node: string; pod: Pod }[] = [];
  for (const node of wanted) {
    const name = node.metadata.name;
    const alive = (byNode.get(name) ?? []).filter((pod) => !isGoing(pod));
    const fresh = alive.find((pod) => isUpdated(pod, hash));
    const old = alive.find((pod) => !isUpdated(pod, hash));
    if (old === undefined) {
      if (surge === 0 && (fresh === undefined || !isPodAvailable(fresh, minReady, now))) busy++;
    } else if (fresh !== undefined) busy++;
    else if (isPodAvailable(old, minReady, now)) candidates.push({ node: name, pod: old });
    else {
      broken.push({ node: name, pod: old });
      if (surge === 0) busy++;
    }
  }
  const room = Math.max(0, (surge > 0 ? surge : allowed) - busy);
  const chosen = [...broken, ...candidates.slice(0, room)];
  return surge > 0
    ? { create: chosen.map(({ node }) => node), remove: [], ended: [] }
    : { create: [], remove: chosen.map(({ pod }) => pod), ended: [] };
}

export function daemonStatus({ ds, nodes, pods, hash, now }: View): NonNullable<DaemonSet["status"]> {
  const byNode = podsByNode(pods);
  const minReady = ds.spec.minReadySeconds ?? 0;
  const count = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const there = (byNode.get(node.metadata.name) ?? []).toSorted(byAge);
    const { run } = nodeFit(ds.spec.template, node);
    if (!run) {
      if (there.length > 0) count.misscheduled++;
      continue;
    }
    count.desired++;
    if (there.length === 0) continue;
    count.current++;
    // With a surge either of two pods may be the one that serves.
    if (there.some((pod) => isPodReady(pod) && !isGoing(pod))) count.ready++;
    if (there.some((pod) => isPodAvailable(pod, minReady, now) && !isGoing(pod))) count.available++;
    if (there.some((pod) => isUpdated(pod, hash) && !isGoing(pod))) count.updated++;
  }
  return omitZero(
    {
      observedGeneration: ds.metadata.generation ?? 0,
      desiredNumberScheduled: count.desired,
      currentNumberScheduled: count.current,
      numberMisscheduled: count.misscheduled,
      numberReady: count.ready,
      numberAvailable: count.available,
      numberUnavailable: count.desired - count.available,
      updatedNumberScheduled: count.updated,
      ...(ds.status?.collisionCount === undefined ? {} : { collisionCount: ds.status.collisionCount }),
      ...(ds.status?.conditions === undefined ? {} : { conditions: ds.status.conditions }),
    },
    ["desiredNumberScheduled", "currentNumberScheduled", "numberMisscheduled", "numberReady"],
  );
}
