// The ReplicaSet controller, which serves ReplicationControllers too. Reads sets and pods; writes pods and status.
export { replicaSetKind, replicationControllerKind } from "./replica-kind.ts";
export { ReplicaSetController } from "./replicaset-controller.ts";
