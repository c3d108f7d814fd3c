import type { APIService, APIServiceCondition } from "#pkg/api/types/apiregistration-v1.ts";

const AVAILABLE = "Available";

/** What a check found, without its time. */
export interface Finding {
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export const LOCAL: Finding = { status: "True", reason: "Local", message: "Local APIServices are always available" };
export const PASSED: Finding = { status: "True", reason: "Passed", message: "all checks passed" };

const conditionOf = (service: APIService): APIServiceCondition | undefined =>
  service.status?.conditions?.find((each) => each.type === AVAILABLE);

export const isAvailable = (service: APIService): boolean => conditionOf(service)?.status === "True";

/**
 * The object with this finding as its Available condition; undefined where it says so already. Other conditions are
 * left alone; the time is that of the last change of status.
 */
export function withFinding(service: APIService, finding: Finding, now: number): APIService | undefined {
  const old = conditionOf(service);
  if (old?.status === finding.status && old.reason === finding.reason && old.message === finding.message)
    return undefined;
  const changed = old?.status !== finding.status || old.lastTransitionTime === undefined;
  const condition: APIServiceCondition = {
    type: AVAILABLE,
    ...finding,
    lastTransitionTime: changed ? `${new Date(now).toISOString().slice(0, 19)}Z` : old.lastTransitionTime,
  };
  const conditions = service.status?.conditions ?? [];
  const kept = conditions.map((each) => (each.type === AVAILABLE ? condition : each));
  return { ...service, status: { conditions: old === undefined ? [...conditions, condition] : kept } };
}
