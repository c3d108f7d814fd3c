import type { Pod } from "#pkg/api/types/core-v1.ts";

const BASE_MS = 10_000;
const MAX_MS = 10 * 60_000;

/**
 * Milliseconds until a new pod may be made: 10 s after a failure, doubled by each further one since the last success,
 * ten minutes at most. Computed from the ended pods, so that a restart forgets nothing they still tell.
 */
export function backoffMs(failed: readonly Pod[], succeeded: readonly Pod[], now: number): number {
  const lastSuccess = Math.max(0, ...succeeded.map(endOf));
  const since = failed.map(endOf).filter((at) => at > lastSuccess);
  if (since.length === 0) return 0;
  const wait = Math.min(BASE_MS * 2 ** Math.min(since.length - 1, 20), MAX_MS);
  return Math.max(0, Math.max(...since) + wait - now);
}

function endOf(pod: Pod): number {
  const ends = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
    .map((status) => Date.parse(status.state?.terminated?.finishedAt ?? ""))
    .filter((at) => !Number.isNaN(at));
  if (ends.length > 0) return Math.max(...ends);
  const ready = pod.status?.conditions?.find((c) => c.type === "Ready")?.lastTransitionTime;
  return Date.parse(ready ?? pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp);
}
