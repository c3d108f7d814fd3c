import type { Deployment, ReplicaSet } from "#pkg/api/types/apps-v1.ts";
import { desiredReplicas, maxReplicas } from "./fenceposts.ts";
import { DESIRED_ANNOTATION, MAX_ANNOTATION } from "./replica-sets.ts";

export const REVISION = "deployment.kubernetes.io/revision";
const HISTORY = "deployment.kubernetes.io/revision-history";
export const ROLLBACK_TO = "deprecated.deployment.rollback.to";
const HISTORY_LIMIT = 2000;
const NOT_COPIED = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  HISTORY,
  DESIRED_ANNOTATION,
  MAX_ANNOTATION,
  ROLLBACK_TO,
]);

type Annotations = Readonly<Record<string, string>>;

export function revisionOf(rs: ReplicaSet): number {
  const text = rs.metadata.annotations?.[REVISION] ?? "";
  return /^\d+$/.test(text) ? Number(text) : 0;
}

export function maxRevision(sets: readonly ReplicaSet[]): number {
  return sets.reduce((max, rs) => Math.max(max, revisionOf(rs)), 0);
}

/**
 * The annotations of the deployment's current ReplicaSet: the deployment's own, its revision, the revisions it had
 * before (rolled back to), and for a new one the sizes that proportional scaling starts from.
 */
export function newSetAnnotations(
  d: Deployment,
  current: Annotations | undefined,
  revision: number,
  exists: boolean,
): Annotations {
  const next: Record<string, string> = { ...current };
  for (const [key, value] of Object.entries(d.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(key)) next[key] = value;
  }
  const before = current?.[REVISION];
  if (before !== undefined && !/^\d+$/.test(before)) return next;
  if (Number(before ?? 0) < revision) {
    next[REVISION] = String(revision);
    if (before !== undefined) next[HISTORY] = appendHistory(current?.[HISTORY], before);
  }
  return exists ? next : { ...next, ...sizeAnnotations(d) };
}

function appendHistory(history: string | undefined, revision: string): string {
  const revisions = history === undefined || history === "" ? [] : history.split(",");
  revisions.push(revision);
  while (revisions.length > 1 && revisions.join(",").length > HISTORY_LIMIT) revisions.shift();
  return revisions.join(",");
}

export function sizeAnnotations(d: Deployment): Annotations {
  return { [DESIRED_ANNOTATION]: String(desiredReplicas(d)), [MAX_ANNOTATION]: String(maxReplicas(d)) };
}
