import { ageColumn, column, nameColumn, wideColumn } from "../columns.ts";
import { ageSince } from "../duration.ts";
import type { Columns } from "../strategy-of.ts";
import type { ContainerStateTerminated, ContainerStatus, Pod } from "../types/core-v1.ts";

/** The short word for what a pod is doing, and its counts, as upstream's printPod works them out. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  readonly reason: string;
  readonly restarts: number;
  /** RFC 3339; undefined when no container was restarted. */
  readonly lastRestart: string | undefined;
}

interface Counts {
  restarts: number;
  lastRestart: string | undefined;
}

export function summarizePod(pod: Pod): PodSummary {
  const status = pod.status ?? {};
  const sidecars = new Set(
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === "Always").map((c) => c.name),
  );
  const total = (pod.spec?.containers ?? []).length + sidecars.size;
  let reason = status.reason || status.phase || "";
  if (status.conditions?.some((c) => c.type === "PodScheduled" && c.reason === "SchedulingGated")) {
    reason = "SchedulingGated";
  }
  const init = summarizeInit(pod, sidecars);
  let ready = init.ready;
  let counts = init.all;
  if (init.reason !== undefined) reason = init.reason;
  if (init.reason === undefined || isTrue(pod, "Initialized")) {
    counts = init.sidecars;
    let running = false;
    for (const container of (status.containerStatuses ?? []).toReversed()) {
      count(counts, container);
      const word = stateWord(container, "");
      if (word !== undefined) reason = word;
      else if (container.ready && container.state?.running !== undefined) {
        running = true;
        ready++;
      }
    }
    if (reason === "Completed" && running) reason = isTrue(pod, "Ready") ? "Running" : "NotReady";
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status.reason === "NodeLost") reason = "Unknown";
    else if (status.phase !== "Succeeded" && status.phase !== "Failed") reason = "Terminating";
  }
  return { ready, total, reason, restarts: counts.restarts, lastRestart: counts.lastRestart };
}

/** `reason` is set while an init container is what the pod waits for. */
function summarizeInit(
  pod: Pod,
  sidecarNames: ReadonlySet<string>,
): { ready: number; all: Counts; sidecars: Counts; reason: string | undefined } {
  const all: Counts = { restarts: 0, lastRestart: undefined };
  const sidecars: Counts = { restarts: 0, lastRestart: undefined };
  let ready = 0;
  for (const [i, container] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const isSidecar = sidecarNames.has(container.name);
    count(all, container);
    if (isSidecar) count(sidecars, container);
    if (container.state?.terminated?.exitCode === 0) continue;
    if (isSidecar && container.started === true) {
      if (container.ready) ready++;
      continue;
    }
    const waitsForOthers = container.state?.waiting?.reason === "PodInitializing";
    const word = waitsForOthers ? undefined : stateWord(container, "Init:");
    return { ready, all, sidecars, reason: word ?? `Init:${i}/${pod.spec?.initContainers?.length ?? 0}` };
  }
  return { ready, all, sidecars, reason: undefined };
}

function stateWord(container: ContainerStatus, prefix: string): string | undefined {
  const waiting = container.state?.waiting?.reason;
  if (waiting) return prefix + waiting;
  const terminated = container.state?.terminated;
  return terminated === undefined ? undefined : prefix + terminationWord(terminated);
}
function terminationWord(terminated: ContainerStateTerminated): string {
  if (terminated.reason) return terminated.reason;
  return (terminated.signal ?? 0) !== 0 ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

function count(counts: Counts, container: ContainerStatus): void {
  counts.restarts += container.restartCount ?? 0;
  const finished = container.lastState?.terminated?.finishedAt;
  if (finished !== undefined && (counts.lastRestart === undefined || finished > counts.lastRestart)) {
    counts.lastRestart = finished;
  }
}

const isTrue = (pod: Pod, type: string): boolean =>
  pod.status?.conditions?.some((c) => c.type === type && c.status === "True") ?? false;

function restartsCell(pod: Pod, now: number): string {
  const { restarts, lastRestart } = summarizePod(pod);
  return restarts > 0 && lastRestart !== undefined ? `${restarts} (${ageSince(lastRestart, now)} ago)` : `${restarts}`;
}

function readinessGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return "<none>";
  return `${gates.filter((gate) => isTrue(pod, gate.conditionType)).length}/${gates.length}`;
}

export const podColumns: Columns = [
  nameColumn,
  column("Ready", "Ready containers of all", (pod: Pod) => {
    const { ready, total } = summarizePod(pod);
    return `${ready}/${total}`;
  }),
  column("Status", "What the pod is doing", (pod: Pod) => summarizePod(pod).reason),
  column("Restarts", "Restarts of its containers, and the last one's age", restartsCell),
  ageColumn,
  wideColumn("IP", "Address of the pod", (pod: Pod) => pod.status?.podIPs?.[0]?.ip || "<none>"),
  wideColumn("Node", "Node it runs on", (pod: Pod) => pod.spec?.nodeName || "<none>"),
  wideColumn(
    "Nominated Node",
    "Node that is being cleared for it",
    (pod: Pod) => pod.status?.nominatedNodeName || "<none>",
  ),
  wideColumn("Readiness Gates", "Conditions that are true of those it waits for", readinessGates),
];
