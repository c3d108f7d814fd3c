import { type Selector, selectorFrom, selectorOf, selectorOfMap } from "#pkg/api/index.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import { withLabelKeys } from "../affinity-term.ts";
import type { Informers } from "../informers.ts";
import type { NodeInfo } from "../node-info.ts";
import { requiredNodes } from "./node-affinity.ts";
import { tolerates } from "./tolerations.ts";

export const HOSTNAME = "kubernetes.io/hostname";

/** A topology spread constraint of a pod, ready to be counted. */
export interface SpreadConstraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  readonly selector: Selector;
  /** Whether pods on the node count, by the constraint's node affinity and taint policies. */
  readonly includes: (node: NodeInfo) => boolean;
}

/** The pod's own constraints with the given action. */
export function ownConstraints(pod: Pod, action: "DoNotSchedule" | "ScheduleAnyway"): readonly SpreadConstraint[] {
  const own = pod.spec.topologySpreadConstraints;
  if (own === undefined || own.length === 0) return [];
  const required = requiredNodes(pod);
  return own
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
    .map((constraint) => ({
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      selector: withLabelKeys(selectorOf(constraint.labelSelector), pod, constraint.matchLabelKeys),
      includes: (node) =>
        (constraint.nodeAffinityPolicy === "Ignore" || (required?.matches(node) ?? true)) &&
        (constraint.nodeTaintsPolicy !== "Honor" || toleratesNode(pod, node)),
    }));
}

/** Upstream's system defaults, for pods of a service or workload that have no constraints of their own. */
export function defaultConstraints(pod: Pod, owners: Owners): readonly SpreadConstraint[] {
  const selector = ownersSelector(pod, owners);
  if (selector.empty) return [];
  const common = { minDomains: 1, selector, includes: () => true };
  return [
    { topologyKey: HOSTNAME, maxSkew: 3, ...common },
    { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5, ...common },
  ];
}

/** Counts a running pod for a constraint: same namespace, not ending, selected. */
export function countsFor(constraint: SpreadConstraint, namespace: string | undefined, other: Pod): boolean {
  const { metadata } = other;
  return (
    metadata.namespace === namespace &&
    metadata.deletionTimestamp === undefined &&
    constraint.selector.matches(metadata.labels)
  );
}

export type Owners = Pick<Informers, "services" | "replicaSets" | "statefulSets" | "replicationControllers">;

/** What selects the pod: its services, and its controller; everything must hold. Empty when nothing does. */
function ownersSelector(pod: Pod, owners: Owners): Selector {
  const { namespace, labels = {}, ownerReferences } = pod.metadata;
  const requirements = [];
  for (const { spec } of owners.services.lister.list(namespace)) {
    if (spec?.selector === undefined || Object.keys(spec.selector).length === 0) continue;
    const selector = selectorOfMap(spec.selector);
    if (selector.matches(labels)) requirements.push(...selector.requirements);
  }
  const controller = ownerReferences?.find((reference) => reference.controller === true);
  if (controller !== undefined) {
    const at = { name: controller.name, ...(namespace === undefined ? {} : { namespace }) };
    requirements.push(...controllerSelector(controller.kind, at, owners).requirements);
  }
  return selectorFrom(requirements);
}

function controllerSelector(
  kind: string,
  at: { readonly name: string; readonly namespace?: string },
  owners: Owners,
): Selector {
  switch (kind) {
    case "ReplicaSet":
      return selectorOf(owners.replicaSets.lister.get(at)?.spec?.selector);
    case "StatefulSet":
      return selectorOf(owners.statefulSets.lister.get(at)?.spec?.selector);
    case "ReplicationController":
      return selectorOfMap(owners.replicationControllers.lister.get(at)?.spec?.selector);
    default:
      return selectorFrom([]);
  }
}

const toleratesNode = (pod: Pod, node: NodeInfo): boolean =>
  node.taints.every((taint) => taint.effect === "PreferNoSchedule" || tolerates(pod.spec.tolerations, taint));
