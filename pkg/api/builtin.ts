import { deploymentStrategy } from "./apps/deployment.ts";
import { replicaSetStrategy } from "./apps/replica-set.ts";
import { namespaceStrategy } from "./core/namespace.ts";
import { nodeStrategy } from "./core/node.ts";
import { podStrategy } from "./core/pod.ts";
import { serviceStrategy } from "./core/service.ts";
import {
  clusterRoleBindingStrategy,
  clusterRoleStrategy,
  roleBindingStrategy,
  roleStrategy,
} from "./rbac/strategies.ts";
import type { StorageDefinition, Strategy } from "./definition.ts";

/** Rules of the built-in kinds by "group/plural", "/plural" for the core group. A kind that has none is not listed. */
export const builtinStrategies: Readonly<Record<string, Strategy>> = {
  "/namespaces": namespaceStrategy,
  "/nodes": nodeStrategy,
  "/pods": podStrategy,
  "/services": serviceStrategy,
  "apps/deployments": deploymentStrategy,
  "apps/replicasets": replicaSetStrategy,
  "rbac.authorization.k8s.io/clusterrolebindings": clusterRoleBindingStrategy,
  "rbac.authorization.k8s.io/clusterroles": clusterRoleStrategy,
  "rbac.authorization.k8s.io/rolebindings": roleBindingStrategy,
  "rbac.authorization.k8s.io/roles": roleStrategy,
};

/**
 * Where a kind is stored in another form than it is served, by "group/version/plural". Every other kind is stored as
 * it is served, under "group/plural" ("plural" for core).
 */
export const builtinStorage: Readonly<Record<string, StorageDefinition>> = {};
