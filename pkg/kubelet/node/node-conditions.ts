import type { NodeCondition } from "#pkg/api/types/core-v1.ts";
import { timeOf } from "../status/times.ts";

/** What the node's conditions are made of; a text is why something is wrong. */
export interface NodeHealth {
  /** Of the container runtime: not up, or its network is not. */
  readonly runtimeProblem: string | undefined;
  readonly networkProblem: string | undefined;
  readonly plegProblem: string | undefined;
  readonly memoryPressure: boolean;
  readonly diskPressure: boolean;
  readonly pidPressure: boolean;
  /** The kubelet is shutting down with the machine. */
  readonly shutdownProblem?: string;
}

/** The kubelet's conditions in upstream's order and words; transition times are carried over. */
export function nodeConditions(before: readonly NodeCondition[], health: NodeHealth, nowMs: number): NodeCondition[] {
  const now = timeOf(nowMs);
  const own = [
    pressure(
      "MemoryPressure",
      health.memoryPressure,
      "KubeletHasInsufficientMemory",
      "KubeletHasSufficientMemory",
      "insufficient memory",
      "sufficient memory",
    ),
    pressure(
      "DiskPressure",
      health.diskPressure,
      "KubeletHasDiskPressure",
      "KubeletHasNoDiskPressure",
      "disk pressure",
      "no disk pressure",
    ),
    pressure(
      "PIDPressure",
      health.pidPressure,
      "KubeletHasInsufficientPID",
      "KubeletHasSufficientPID",
      "insufficient PID",
      "sufficient PID",
    ),
    ready(health),
  ].map((made) => {
    const old = before.find(({ type }) => type === made.type);
    const lastTransitionTime = old?.status === made.status ? (old.lastTransitionTime ?? now) : now;
    return { ...made, lastHeartbeatTime: now, lastTransitionTime };
  });
  // Conditions of others (network plugins, problem detectors) stay.
  return [...before.filter(({ type }) => !own.some((made) => made.type === type)), ...own];
}

type Condition = Pick<NodeCondition, "type" | "status" | "reason" | "message">;

function pressure(
  type: string,
  isUnder: boolean,
  badReason: string,
  goodReason: string,
  bad: string,
  good: string,
): Condition {
  return isUnder
    ? {
        type,
        status: "True",
        reason: badReason,
        message: `kubelet has ${bad}${type === "MemoryPressure" || type === "PIDPressure" ? " available" : ""}`,
      }
    : {
        type,
        status: "False",
        reason: goodReason,
        message: `kubelet has ${good}${type === "MemoryPressure" || type === "PIDPressure" ? " available" : ""}`,
      };
}

function ready(health: NodeHealth): Condition {
  const problems = [
    health.runtimeProblem === undefined ? undefined : `container runtime is down: ${health.runtimeProblem}`,
    health.networkProblem === undefined
      ? undefined
      : `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: ${health.networkProblem}`,
    health.plegProblem === undefined ? undefined : `PLEG is not healthy: ${health.plegProblem}`,
    health.shutdownProblem,
  ].filter((problem) => problem !== undefined);
  if (problems.length === 0) {
    return { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" };
  }
  const message = problems.length === 1 ? (problems[0] as string) : `[${problems.join(", ")}]`;
  return { type: "Ready", status: "False", reason: "KubeletNotReady", message };
}
