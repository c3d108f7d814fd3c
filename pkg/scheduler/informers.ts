import { type ReplicaSet, replicasets, type StatefulSet, statefulsets } from "#pkg/api/types/apps-v1.ts";
import {
  type Namespace,
  type Node,
  namespaces,
  nodes,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentvolumeclaims,
  persistentvolumes,
  type Pod,
  pods,
  type ReplicationController,
  replicationcontrollers,
  type Service,
  services,
} from "#pkg/api/types/core-v1.ts";
import { type PodDisruptionBudget, poddisruptionbudgets } from "#pkg/api/types/policy-v1.ts";
import { type StorageClass, storageclasses } from "#pkg/api/types/storage-v1.ts";
import type { Informer, InformerFactory } from "#pkg/client/index.ts";

/** All the scheduler reads of the cluster. */
export interface Informers {
  readonly nodes: Informer<Node>;
  readonly pods: Informer<Pod>;
  readonly namespaces: Informer<Namespace>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly volumes: Informer<PersistentVolume>;
  readonly storageClasses: Informer<StorageClass>;
  /** What may own or select pods, for spreading them. */
  readonly services: Informer<Service>;
  readonly replicaSets: Informer<ReplicaSet>;
  readonly statefulSets: Informer<StatefulSet>;
  readonly replicationControllers: Informer<ReplicationController>;
  readonly disruptionBudgets: Informer<PodDisruptionBudget>;
}

export function informersOf(factory: InformerFactory): Informers {
  return {
    nodes: factory.informer(nodes),
    pods: factory.informer(pods),
    namespaces: factory.informer(namespaces),
    claims: factory.informer(persistentvolumeclaims),
    volumes: factory.informer(persistentvolumes),
    storageClasses: factory.informer(storageclasses),
    services: factory.informer(services),
    replicaSets: factory.informer(replicasets),
    statefulSets: factory.informer(statefulsets),
    replicationControllers: factory.informer(replicationcontrollers),
    disruptionBudgets: factory.informer(poddisruptionbudgets),
  };
}
