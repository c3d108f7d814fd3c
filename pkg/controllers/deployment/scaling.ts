import type { Deployment, ReplicaSet } from "#pkg/api/types/apps-v1.ts";
import { desiredReplicas, fenceposts, isRollingUpdate, maxReplicas } from "./fenceposts.ts";
import {
  active,
  activeOrLatest,
  byCreation,
  isSaturated,
  MAX_ANNOTATION,
  numberAnnotation,
  specReplicas,
  sumAvailable,
  sumSpec,
} from "./replica-sets.ts";

/** A ReplicaSet and the size it should get; also listed at its present size where only annotations change. */
export interface Resize {
  readonly rs: ReplicaSet;
  readonly to: number;
}

/** How large the new set may be now, given everything that runs. `size` is its present spec.replicas. */
export function newSetSize(d: Deployment, all: readonly ReplicaSet[], size: number): number {
  const desired = desiredReplicas(d);
  if (!isRollingUpdate(d)) return desired;
  const room = maxReplicas(d) - sumSpec(all);
  if (room <= 0) return size;
  return size + Math.min(room, desired - size);
}

/**
 * One step of shrinking the old sets of a rolling update: replicas that never became available go first, since they
 * cost nothing; then available ones, down to what maxUnavailable allows.
 */
export function shrinkOldSets(d: Deployment, newRs: ReplicaSet | undefined, old: readonly ReplicaSet[]): Resize[] {
  const running = active(old).toSorted(byCreation);
  if (running.length === 0) return [];
  const minAvailable = desiredReplicas(d) - fenceposts(d).unavailable;
  const newUnavailable = newRs === undefined ? 0 : specReplicas(newRs) - (newRs.status?.availableReplicas ?? 0);
  const all = newRs === undefined ? running : [...running, newRs];
  const mayGo = sumSpec(all) - minAvailable - newUnavailable;
  if (mayGo <= 0) return [];

  const sizes = new Map(running.map((rs) => [rs, specReplicas(rs)]));
  let cleaned = 0;
  for (const rs of running) {
    const unhealthy = Math.min(mayGo - cleaned, specReplicas(rs) - (rs.status?.availableReplicas ?? 0));
    if (unhealthy <= 0) continue;
    sizes.set(rs, specReplicas(rs) - unhealthy);
    cleaned += unhealthy;
  }
  let spare = sumAvailable(all) - minAvailable;
  for (const rs of running) {
    if (spare <= 0) break;
    const size = sizes.get(rs) ?? 0;
    const down = Math.min(size, spare);
    sizes.set(rs, size - down);
    spare -= down;
  }
  return running.map((rs) => ({ rs, to: sizes.get(rs) ?? 0 })).filter(({ rs, to }) => to !== specReplicas(rs));
}

/** What changes when the deployment's own size changed: all at once, or in proportion while a rollout is under way. */
export function scaleSets(d: Deployment, newRs: ReplicaSet | undefined, old: readonly ReplicaSet[]): Resize[] {
  const desired = desiredReplicas(d);
  const only = activeOrLatest(newRs, old);
  if (only !== undefined) return specReplicas(only) === desired ? [] : [{ rs: only, to: desired }];
  if (isSaturated(d, newRs)) return active(old).map((rs) => ({ rs, to: 0 }));
  if (!isRollingUpdate(d)) return [];

  const running = active(newRs === undefined ? old : [...old, newRs]);
  const allowed = desired > 0 ? maxReplicas(d) : 0;
  const toAdd = allowed - sumSpec(running);
  const age = toAdd > 0 ? (a: ReplicaSet, b: ReplicaSet): number => byCreation(b, a) : byCreation;
  const sorted = running.toSorted((a, b) => specReplicas(b) - specReplicas(a) || age(a, b));
  let added = 0;
  const resized = sorted.map((rs) => {
    const share = proportion(d, rs, toAdd, added);
    added += share;
    return { rs, to: specReplicas(rs) + share };
  });
  // What rounding left over goes to the largest set.
  return resized.map((r, i) => (i === 0 && toAdd !== 0 ? { rs: r.rs, to: Math.max(0, r.to + toAdd - added) } : r));
}

function proportion(d: Deployment, rs: ReplicaSet, toAdd: number, added: number): number {
  const allowed = toAdd - added;
  if (specReplicas(rs) === 0 || toAdd === 0 || allowed === 0) return 0;
  const share = fraction(d, rs);
  return toAdd > 0 ? Math.min(share, allowed) : Math.max(share, allowed);
}

/** The set's share of the change: its size scaled by how much the deployment's maximum grew since it was last sized. */
function fraction(d: Deployment, rs: ReplicaSet): number {
  const size = specReplicas(rs);
  if (desiredReplicas(d) === 0) return -size;
  const before = numberAnnotation(rs, MAX_ANNOTATION) ?? d.status?.replicas ?? 0;
  if (before === 0) return 0;
  return Math.round((size * maxReplicas(d)) / before) - size;
}
