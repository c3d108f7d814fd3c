import type { KubeObject, ResourceRef } from "#pkg/api/index.ts";
import { type ReplicaSet, type ReplicaSetStatus, replicasets } from "#pkg/api/types/apps-v1.ts";
import { type ReplicationController, replicationcontrollers } from "#pkg/api/types/core-v1.ts";

/** What makes one controller serve two kinds: how each looks as a ReplicaSet, and how a status goes back. */
export interface ReplicaKind<T extends KubeObject> {
  readonly name: string;
  readonly resource: ResourceRef<T>;
  toReplicaSet(object: T): ReplicaSet;
  withStatus(object: T, status: ReplicaSetStatus): T;
}

export const replicaSetKind: ReplicaKind<ReplicaSet> = {
  name: "replicaset",
  resource: replicasets,
  toReplicaSet: (object) => object,
  withStatus: (object, status) => ({ ...object, status }),
};

/** A ReplicationController differs in its selector, which is a plain map, and has no count of terminating pods. */
export const replicationControllerKind: ReplicaKind<ReplicationController> = {
  name: "replicationcontroller",
  resource: replicationcontrollers,
  toReplicaSet: (object) => ({
    metadata: object.metadata,
    spec: {
      replicas: object.spec?.replicas ?? 1,
      minReadySeconds: object.spec?.minReadySeconds ?? 0,
      selector: { matchLabels: object.spec?.selector ?? object.spec?.template?.metadata?.labels ?? {} },
      ...(object.spec?.template === undefined ? {} : { template: object.spec.template }),
    },
    ...(object.status === undefined ? {} : { status: object.status }),
  }),
  withStatus: (object, { terminatingReplicas: _terminating, ...status }) => ({ ...object, status }),
};
