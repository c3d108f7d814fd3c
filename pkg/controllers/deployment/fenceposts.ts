import type { Deployment } from "#pkg/api/types/apps-v1.ts";
import { scaledValue } from "../objects/index.ts";

export function desiredReplicas(d: Deployment): number {
  return d.spec.replicas ?? 1;
}

export function isRollingUpdate(d: Deployment): boolean {
  return (d.spec.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

/** How many pods a rollout may have above, and may lack below, the desired number. Both 0 would never move: one may lack. */
export function fenceposts(d: Deployment): { readonly surge: number; readonly unavailable: number } {
  if (!isRollingUpdate(d)) return { surge: 0, unavailable: 0 };
  const desired = desiredReplicas(d);
  const surge = scaledValue(d.spec.strategy?.rollingUpdate?.maxSurge ?? "25%", desired, "up");
  let unavailable = scaledValue(d.spec.strategy?.rollingUpdate?.maxUnavailable ?? "25%", desired, "down");
  if (surge === 0 && unavailable === 0) unavailable = 1;
  return { surge, unavailable: Math.min(unavailable, desired) };
}

/** Desired replicas plus surge: what the max-replicas annotation records. */
export function maxReplicas(d: Deployment): number {
  return desiredReplicas(d) + fenceposts(d).surge;
}
