import type { KubeObject } from "#pkg/api/index.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";
import type { Informer } from "#pkg/client/index.ts";
import { controllerOf, controllerUid } from "./objects/index.ts";

const BY_CONTROLLER = "controller-uid";
const ORPHANS = "orphans-by-namespace";
const BY_NODE = "node-name";

/** Indexes every controller that owns objects reads: objects by their controller's uid, and ownerless ones by namespace. */
export function addOwnerIndexes<T extends KubeObject>(informer: Informer<T>): void {
  informer.addIndex(BY_CONTROLLER, controllerUid);
  informer.addIndex(ORPHANS, (o) => (controllerOf(o) === undefined ? [o.metadata.namespace ?? ""] : []));
}

export const ownedBy = <T extends KubeObject>(informer: Informer<T>, uid: string): T[] =>
  informer.lister.byIndex(BY_CONTROLLER, uid);

export const orphansIn = <T extends KubeObject>(informer: Informer<T>, namespace: string): T[] =>
  informer.lister.byIndex(ORPHANS, namespace);

/** Owned objects and those that could be adopted. */
export function claimable<T extends KubeObject>(informer: Informer<T>, owner: KubeObject): T[] {
  return [...ownedBy(informer, owner.metadata.uid), ...orphansIn(informer, owner.metadata.namespace ?? "")];
}

export function addNodeIndex(informer: Informer<Pod>): void {
  informer.addIndex(BY_NODE, (pod) => [pod.spec.nodeName ?? ""]);
}

/** Pods bound to a node; "" finds those bound to none. */
export const podsOnNode = (informer: Informer<Pod>, node: string): Pod[] => informer.lister.byIndex(BY_NODE, node);
