import type { ContainerStatus, Pod, PodCondition, PodStatus } from "#pkg/api/types/core-v1.ts";
import { qosClassOf } from "../qos.ts";
import { type ObservedPod, podIPsOf } from "../runtime/observed-pod.ts";
import { isSidecar } from "../runtime/restart-policy.ts";
import type { WaitingReasons } from "../runtime/waiting-reasons.ts";
import { containerStatuses, hasInitialized } from "./container-statuses.ts";
import { mergeConditions, podConditions } from "./pod-conditions.ts";
import { type PodPhase, podPhase } from "./pod-phase.ts";
import { timeOf } from "./times.ts";

/** What probes say of running containers. */
export interface Readiness {
  started(containerId: string): boolean;
  ready(containerId: string): boolean;
}

export interface PodStatusInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  /** The last status computed, or else the API's. */
  readonly before: PodStatus;
  readonly probes: Readiness;
  readonly waiting: WaitingReasons;
  readonly runtimeName: string;
  readonly hostIPs: readonly string[];
  readonly nowMs: number;
  /** The pod is being ended for good: nothing is restarted any more. */
  readonly ended: boolean;
  /** Why, where it is not its own doing: ("DeadlineExceeded", "Evicted", …). Makes the phase Failed. */
  readonly failure?: { readonly reason: string; readonly message: string; readonly isDisruption?: boolean };
}

/** The whole status of a pod. Pure. */
export function computePodStatus(input: PodStatusInput): PodStatus {
  const { pod, observed, before } = input;
  const init = statusesOf(input, pod.spec.initContainers ?? [], before.initContainerStatuses ?? [], true);
  const regular = statusesOf(input, pod.spec.containers, before.containerStatuses ?? [], false);
  const ephemeral = statusesOf(
    input,
    pod.spec.ephemeralContainers ?? [],
    before.ephemeralContainerStatuses ?? [],
    false,
  );
  const wasOver = before.phase === "Failed" || before.phase === "Succeeded";
  const phase = wasOver ? (before.phase as "Failed" | "Succeeded") : currentPhase(input, init, regular);
  const sandboxReady = observed.sandboxes.some(
    (sandbox) => sandbox.ready && (sandbox.hostNetwork || sandbox.ips.length > 0),
  );
  const now = timeOf(input.nowMs);
  const conditions = [...podConditions({ pod, phase, init, regular, sandboxReady }), ...disruption(input)];
  const ips = podIPs(input);
  const { generation } = pod.metadata;
  const reason = input.failure?.reason ?? before.reason;
  const message = input.failure?.message ?? before.message;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    // Conditions of others are taken from the API's newest, not from what was computed last.
    conditions: mergeConditions(withOthers(before, pod), conditions, now),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(input.hostIPs[0] === undefined
      ? {}
      : { hostIP: input.hostIPs[0], hostIPs: input.hostIPs.map((ip) => ({ ip })) }),
    ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    startTime: before.startTime ?? now,
    ...(init.length === 0 ? {} : { initContainerStatuses: init }),
    containerStatuses: regular,
    ...(ephemeral.length === 0 ? {} : { ephemeralContainerStatuses: ephemeral }),
    qosClass: pod.status?.qosClass ?? qosClassOf(pod),
  };
}

function disruption({ pod, failure }: PodStatusInput): PodCondition[] {
  if (failure?.isDisruption !== true) return [];
  const { generation } = pod.metadata;
  const { message } = failure;
  const condition = { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet", message };
  return [{ ...condition, ...(generation === undefined ? {} : { observedGeneration: generation }) }];
}

function currentPhase(
  input: PodStatusInput,
  init: readonly ContainerStatus[],
  regular: readonly ContainerStatus[],
): PodPhase {
  if (input.failure !== undefined) return "Failed";
  const phase = podPhase(input.pod, init, regular, input.ended);
  // Every pod that was ended has a final phase, whether its containers ever ran or not.
  return input.ended && (phase === "Pending" || phase === "Running") ? "Failed" : phase;
}

function withOthers(before: PodStatus, pod: Pod): NonNullable<PodStatus["conditions"]> {
  const own = new Set(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]);
  const ofApi = pod.status?.conditions ?? [];
  const others = ofApi.filter(({ type }) => type === "PodScheduled" || !own.has(type));
  const isScheduled = others.some(({ type }) => type === "PodScheduled");
  return [
    ...others,
    ...(before.conditions ?? []).filter(({ type }) => own.has(type) && !(isScheduled && type === "PodScheduled")),
  ];
}

function statusesOf(
  input: PodStatusInput,
  containers: Parameters<typeof containerStatuses>[0]["containers"],
  before: readonly ContainerStatus[],
  isInit: boolean,
): ContainerStatus[] {
  const { pod, observed, waiting, runtimeName } = input;
  const made = containerStatuses({ pod, observed, containers, before, isInit, waiting, runtimeName });
  return made.map((status, index) => {
    if (input.ended && !isInit && status.state?.terminated === undefined && hasInitialized(pod, observed)) {
      return { ...status, state: { terminated: lost } };
    }
    const container = containers[index];
    const id = status.containerID?.slice(`${runtimeName}://`.length) ?? "";
    const started = status.state?.running !== undefined && input.probes.started(id);
    const isRegularInit = isInit && container !== undefined && !isSidecar(container);
    const ready = isRegularInit ? status.state?.terminated?.exitCode === 0 : started && input.probes.ready(id);
    return { ...status, started, ready };
  });
}

/** A container of a pod that was ended, of which nobody knows how it ended. */
const lost = {
  reason: "ContainerStatusUnknown",
  message: "The container could not be located when the pod was terminated",
  exitCode: 137,
};

/** Once known, addresses stay: the last status of a pod that is over still tells them. */
function podIPs({ pod, observed, before, hostIPs }: PodStatusInput): readonly string[] {
  if (pod.spec.hostNetwork === true) return hostIPs;
  const now = podIPsOf(observed);
  return now.length > 0 ? now : (before.podIPs ?? []).map(({ ip }) => ip);
}
