import { selectsNode } from "#pkg/api/core/node-selection.ts";
import type { Node, Pod } from "#pkg/api/types/core-v1.ts";
import { isCritical } from "./eviction/eviction-rank.ts";
import type { PodFailure } from "./pod-workers.ts";
import { qosClassOf } from "./qos.ts";
import { podAmounts } from "./resources.ts";
import { quantityMilliValue, quantityValue } from "./quantity.ts";
import { forbiddenSysctl } from "./sysctls.ts";

export interface AdmissionFacts {
  readonly node: Node | undefined;
  /** Pods that hold resources here now. */
  readonly active: readonly Pod[];
  /** "MemoryPressure", "DiskPressure": what the node is short of. */
  readonly pressures?: readonly string[];
}

/**
 * What the scheduler would have had to see, checked again where the pod runs: pods may be bound by hand, and the node may
 * have changed. A refused pod fails (documentation page "Pod Lifecycle"; reasons as upstream's predicates name them).
 */
export function admitPod(pod: Pod, { node, active, pressures = [] }: AdmissionFacts): PodFailure | undefined {
  if (node === undefined) return undefined;
  return (
    sysctlFailure(pod) ??
    pressureFailure(pod, pressures) ??
    systemFailure(pod) ??
    affinityFailure(pod, node) ??
    taintFailure(pod, node) ??
    portFailure(pod, active) ??
    roomFailure(pod, node, active)
  );
}

function sysctlFailure(pod: Pod): PodFailure | undefined {
  const why = forbiddenSysctl(pod);
  return why === undefined ? undefined : { reason: "SysctlForbidden", message: `Pod was rejected: ${why}` };
}

/** Memory is short for pods that asked for none; disk is short for everyone. */
function pressureFailure(pod: Pod, pressures: readonly string[]): PodFailure | undefined {
  if (pressures.length === 0 || isCritical(pod)) return undefined;
  if (pressures.every((type) => type === "MemoryPressure") && qosClassOf(pod) !== "BestEffort") return undefined;
  return { reason: "Evicted", message: `Pod was rejected: The node had condition: [${pressures.join(" ")}]. ` };
}

function systemFailure({ spec: { os } }: Pod): PodFailure | undefined {
  if (os === undefined || os.name === "linux") return undefined;
  return {
    reason: "PodOSNotSupported",
    message: "Pod was rejected: Failed to admit pod as the OS field doesn't match node OS",
  };
}

function affinityFailure(pod: Pod, node: Node): PodFailure | undefined {
  return !selectsNode(pod.spec, node)
    ? {
        reason: "NodeAffinity",
        message: "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
      }
    : undefined;
}

/** Only NoExecute taints end what is bound here; NoSchedule is the scheduler's. */
function taintFailure(pod: Pod, node: Node): PodFailure | undefined {
  const untolerated = (node.spec?.taints ?? []).find(
    (taint) =>
      taint.effect === "NoExecute" &&
      !(pod.spec.tolerations ?? []).some(
        (toleration) =>
          ((toleration.effect ?? "") === "" || toleration.effect === taint.effect) &&
          ((toleration.key ?? "") === "" || toleration.key === taint.key) &&
          (toleration.operator === "Exists" || (toleration.value ?? "") === (taint.value ?? "")),
      ),
  );
  // Taints that the node lifecycle sets itself are followed by its own eviction with its own grace.
  if (untolerated === undefined || untolerated.key.startsWith("node.kubernetes.io/")) return undefined;
  return {
    reason: "TaintToleration",
    message: `Pod was rejected: Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate`,
  };
}

function portFailure(pod: Pod, active: readonly Pod[]): PodFailure | undefined {
  const taken = active.flatMap(hostPorts);
  const clash = hostPorts(pod).some((wanted) =>
    taken.some(
      (other) =>
        other.port === wanted.port &&
        other.protocol === wanted.protocol &&
        (other.ip === wanted.ip || isAny(other.ip) || isAny(wanted.ip)),
    ),
  );
  if (!clash) return undefined;
  const detail = "node(s) didn't have free ports for the requested pod ports";
  return { reason: "NodePorts", message: `Pod was rejected: Predicate NodePorts failed: ${detail}` };
}

const isAny = (ip: string): boolean => ip === "" || ip === "0.0.0.0" || ip === "::";

interface HostPort {
  readonly port: number;
  readonly protocol: string;
  readonly ip: string;
}

function hostPorts(pod: Pod): HostPort[] {
  return [...(pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === "Always"), ...pod.spec.containers]
    .flatMap((container) => container.ports ?? [])
    .filter(({ hostPort = 0 }) => hostPort > 0)
    .map(({ hostPort = 0, protocol = "TCP", hostIP = "" }) => ({ port: hostPort, protocol, ip: hostIP }));
}

function roomFailure(pod: Pod, node: Node, active: readonly Pod[]): PodFailure | undefined {
  const allocatable = node.status?.allocatable ?? {};
  const maxPods = Number(allocatable["pods"] ?? Infinity);
  if (active.length + 1 > maxPods) return roomless("pods", 1, active.length, maxPods);
  const requests = podAmounts(pod, "requests");
  for (const [name, requested] of Object.entries(requests)) {
    const quantity = allocatable[name];
    if (requested === 0 || (quantity === undefined && name === "ephemeral-storage")) continue;
    const capacity = name === "cpu" ? quantityMilliValue(quantity) : quantityValue(quantity);
    const used = active.reduce((sum, other) => sum + (podAmounts(other, "requests")[name] ?? 0), 0);
    if (requested + used > capacity) return roomless(name, requested, used, capacity);
  }
  return undefined;
}

const roomless = (name: string, requested: number, used: number, capacity: number): PodFailure => ({
  reason: `OutOf${name}`,
  message: `Pod was rejected: Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
});
