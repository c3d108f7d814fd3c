import type { PodCondition, PodStatus } from "#pkg/api/types/core-v1.ts";
import { semanticEqual } from "#pkg/api/index.ts";

/** A strategic merge patch from one status to the other, bound to the pod's uid; undefined when they are equal. */
export function statusPatch(uid: string, from: PodStatus, to: PodStatus): object | undefined {
  const status: Record<string, unknown> = {};
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]) as Set<keyof PodStatus>;
  for (const key of keys) {
    const before = from[key];
    const after = to[key];
    if (semanticEqual(before, after)) continue;
    if (after === undefined) status[key] = null;
    else if (key === "conditions") status[key] = conditionsPatch(from.conditions ?? [], to.conditions ?? []);
    // Merged by address otherwise: an address that is gone would stay.
    else if (key === "podIPs" && before !== undefined) status[key] = [{ $patch: "replace" }, ...(after as object[])];
    else status[key] = after;
  }
  return Object.keys(status).length === 0 ? undefined : { metadata: { uid }, status };
}

/** Conditions merge by type: only those that changed are sent, so that others' are left alone. */
function conditionsPatch(from: readonly PodCondition[], to: readonly PodCondition[]): object[] {
  return to
    .filter((condition) => !from.some((old) => semanticEqual(old, condition)))
    .map((condition) => {
      const old = from.find(({ type }) => type === condition.type);
      const gone = Object.keys(old ?? {}).filter((key) => !(key in condition));
      return { ...condition, ...Object.fromEntries(gone.map((key) => [key, null])) };
    });
}
