import type { Job, PodFailurePolicyRule } from "#pkg/api/types/batch-v1.ts";
import type { Pod } from "#pkg/api/types/core-v1.ts";

export interface PolicyDecision {
  readonly action: "FailJob" | "FailIndex" | "Ignore" | "Count";
  /** For FailJob: what the job's condition says. */
  readonly message?: string;
}

/** What the job's podFailurePolicy says of a failed pod; the first matching rule decides, none counts as usual. */
export function decideFailure(job: Job, pod: Pod): PolicyDecision {
  for (const [i, rule] of (job.spec.podFailurePolicy?.rules ?? []).entries()) {
    const why = matchCodes(rule, pod, i) ?? matchConditions(rule, pod, i);
    if (why !== undefined) return { action: rule.action as PolicyDecision["action"], message: why };
  }
  return { action: "Count" };
}

function matchCodes(rule: PodFailurePolicyRule, pod: Pod, index: number): string | undefined {
  const wanted = rule.onExitCodes;
  if (wanted === undefined) return undefined;
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  for (const { name, state } of statuses) {
    if (wanted.containerName !== undefined && wanted.containerName !== name) continue;
    const code = state?.terminated?.exitCode;
    if (code === undefined || code === 0) continue;
    if (wanted.values.includes(code) === (wanted.operator === "In")) {
      const who = `${pod.metadata.namespace}/${pod.metadata.name}`;
      return `Container ${name} for pod ${who} failed with exit code ${code} matching ${rule.action} rule at index ${index}`;
    }
  }
  return undefined;
}

function matchConditions(rule: PodFailurePolicyRule, pod: Pod, index: number): string | undefined {
  for (const pattern of rule.onPodConditions ?? []) {
    const found = pod.status?.conditions?.find((c) => c.type === pattern.type);
    if (found !== undefined && found.status === (pattern.status ?? "True")) {
      const who = `${pod.metadata.namespace}/${pod.metadata.name}`;
      return `Pod ${who} has condition ${pattern.type} matching ${rule.action} rule at index ${index}`;
    }
  }
  return undefined;
}
