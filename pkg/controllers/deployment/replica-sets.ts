import type { Deployment, ReplicaSet } from "#pkg/api/types/apps-v1.ts";
import type { PodTemplateSpec } from "#pkg/api/types/core-v1.ts";
import { semanticEqual } from "../objects/index.ts";
import { desiredReplicas } from "./fenceposts.ts";

export const TEMPLATE_HASH_LABEL = "pod-template-hash";
export const DESIRED_ANNOTATION = "deployment.kubernetes.io/desired-replicas";
export const MAX_ANNOTATION = "deployment.kubernetes.io/max-replicas";

export const specReplicas = (rs: ReplicaSet): number => rs.spec.replicas ?? 1;
export const sumSpec = (sets: readonly ReplicaSet[]): number => sets.reduce((sum, rs) => sum + specReplicas(rs), 0);
export const sumActual = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, rs) => sum + (rs.status?.replicas ?? 0), 0);
export const sumReady = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, rs) => sum + (rs.status?.readyReplicas ?? 0), 0);
export const sumAvailable = (sets: readonly ReplicaSet[]): number =>
  sets.reduce((sum, rs) => sum + (rs.status?.availableReplicas ?? 0), 0);
export const active = (sets: readonly ReplicaSet[]): ReplicaSet[] => sets.filter((rs) => specReplicas(rs) > 0);

/** Oldest first, names breaking ties. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const [left, right] = [a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? ""];
  if (left !== right) return left < right ? -1 : 1;
  return a.metadata.name < b.metadata.name ? -1 : 1;
}

/** The ReplicaSet that runs the deployment's template; the oldest, should there be several. */
export function findNew(d: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const template = withoutHash(d.spec.template);
  return sets.toSorted(byCreation).find((rs) => semanticEqual(withoutHash(rs.spec.template), template));
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  if (template?.metadata?.labels?.[TEMPLATE_HASH_LABEL] === undefined) return template;
  const { [TEMPLATE_HASH_LABEL]: _hash, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return semanticEqual(withoutHash(a), withoutHash(b));
}

/** The only active set, or with none active the newest; nothing when several are active. */
export function activeOrLatest(newRs: ReplicaSet | undefined, old: readonly ReplicaSet[]): ReplicaSet | undefined {
  const running = active(newRs === undefined ? old : [...old, newRs]);
  if (running.length > 1) return undefined;
  return running[0] ?? newRs ?? old.toSorted(byCreation).at(-1);
}

/** True when the new set has all replicas, was told so by this deployment, and they are available. */
export function isSaturated(d: Deployment, rs: ReplicaSet | undefined): boolean {
  if (rs === undefined) return false;
  const wanted = numberAnnotation(rs, DESIRED_ANNOTATION);
  const desired = desiredReplicas(d);
  return specReplicas(rs) === desired && wanted === desired && (rs.status?.availableReplicas ?? 0) === desired;
}

export function numberAnnotation(rs: ReplicaSet, name: string): number | undefined {
  const text = rs.metadata.annotations?.[name];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}
