import type { ContainerStatus, Pod, PodCondition } from "#pkg/api/types/core-v1.ts";
import { isSidecar } from "../runtime/restart-policy.ts";
import type { PodPhase } from "./pod-phase.ts";

/** Condition types that the kubelet writes; all others belong to somebody else and are kept. */
export const kubeletConditions: readonly string[] = [
  "PodReadyToStartContainers",
  "Initialized",
  "Ready",
  "ContainersReady",
  "PodScheduled",
];

export interface ConditionInput {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly init: readonly ContainerStatus[];
  readonly regular: readonly ContainerStatus[];
  /** A ready sandbox with its network exists. */
  readonly sandboxReady: boolean;
}

/** The kubelet's conditions without times (documentation page "Pod Lifecycle", "Pod conditions"). */
export function podConditions(input: ConditionInput): PodCondition[] {
  const { pod } = input;
  const containersReady = containersReadyCondition(input);
  return [
    condition(pod, "PodReadyToStartContainers", input.sandboxReady),
    initializedCondition(input),
    readyCondition(input, containersReady),
    containersReady,
    condition(pod, "PodScheduled", true),
  ];
}

function condition(pod: Pod, type: string, status: boolean, reason = "", message = ""): PodCondition {
  const { generation } = pod.metadata;
  return {
    type,
    status: status ? "True" : "False",
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(reason === "" ? {} : { reason }),
    ...(message === "" ? {} : { message }),
  };
}

/** False because the pod is over, whatever its containers say. */
function overReason(phase: PodPhase): "PodCompleted" | "PodFailed" | undefined {
  return phase === "Succeeded" ? "PodCompleted" : phase === "Failed" ? "PodFailed" : undefined;
}

function initializedCondition({ pod, phase, init, regular }: ConditionInput): PodCondition {
  const { initContainers = [] } = pod.spec;
  if (phase === "Succeeded") return condition(pod, "Initialized", true, "PodCompleted");
  const begun = regular.some(({ state, lastState }) => state?.running ?? state?.terminated ?? lastState?.terminated);
  const incomplete: string[] = [];
  const unknown: string[] = [];
  for (const container of initContainers) {
    const status = init.find(({ name }) => name === container.name);
    if (status === undefined) unknown.push(container.name);
    else if (isSidecar(container) ? status.started !== true && !begun : !status.ready && !begun) {
      incomplete.push(container.name);
    }
  }
  return ofLists(pod, "Initialized", "ContainersNotInitialized", unknown, [["incomplete", incomplete]]);
}

function containersReadyCondition({ pod, phase, init, regular }: ConditionInput): PodCondition {
  const over = overReason(phase);
  if (over !== undefined) return condition(pod, "ContainersReady", false, over);
  const unready: string[] = [];
  const unknown: string[] = [];
  const check = (name: string, statuses: readonly ContainerStatus[]): void => {
    const status = statuses.find((candidate) => candidate.name === name);
    if (status === undefined) unknown.push(name);
    else if (!status.ready) unready.push(name);
  };
  for (const container of (pod.spec.initContainers ?? []).filter(isSidecar)) check(container.name, init);
  for (const container of pod.spec.containers) check(container.name, regular);
  return ofLists(pod, "ContainersReady", "ContainersNotReady", unknown, [["unready", unready]]);
}

function ofLists(
  pod: Pod,
  type: string,
  reason: string,
  unknown: readonly string[],
  lists: readonly (readonly [string, readonly string[]])[],
): PodCondition {
  const messages = [["unknown", unknown] as const, ...lists]
    .filter(([, names]) => names.length > 0)
    .map(([word, names]) => `containers with ${word} status: [${names.join(" ")}]`);
  return messages.length === 0 ? condition(pod, type, true) : condition(pod, type, false, reason, messages.join(", "));
}

function readyCondition({ pod, phase }: ConditionInput, containersReady: PodCondition): PodCondition {
  const over = overReason(phase);
  if (over !== undefined) return condition(pod, "Ready", false, over);
  if (containersReady.status !== "True") {
    return condition(pod, "Ready", false, containersReady.reason, containersReady.message);
  }
  const messages = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const gate = (pod.status?.conditions ?? []).find(({ type }) => type === conditionType);
    if (gate === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (gate.status === "True") return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`];
  });
  return messages.length === 0
    ? condition(pod, "Ready", true)
    : condition(pod, "Ready", false, "ReadinessGatesNotReady", messages.join(", "));
}

/** Carries lastTransitionTime over where the status is the same, and conditions of others along. */
export function mergeConditions(
  before: readonly PodCondition[],
  own: readonly PodCondition[],
  now: string,
): PodCondition[] {
  const merged = own.map((made) => {
    const old = before.find(({ type }) => type === made.type);
    const same = old?.status === made.status && old.lastTransitionTime !== undefined;
    return { ...made, lastTransitionTime: same ? old.lastTransitionTime : now } as PodCondition;
  });
  return [...merged, ...before.filter(({ type }) => !own.some((made) => made.type === type))];
}
