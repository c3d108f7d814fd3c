import type { Container, EphemeralContainer, Pod } from "#pkg/api/types/core-v1.ts";
import { containerHash } from "../bookkeeping.ts";
import type { AnyContainer } from "../types.ts";
import { isAlive, newest, type ObservedContainer, type ObservedPod } from "./observed-pod.ts";
import { isSidecar, restartsAfterExit, shouldBeStarted } from "./restart-policy.ts";

/** What probes found out about a running container. */
export interface ProbeVerdicts {
  /** The liveness or startup probe has failed for good: the container is to be killed. */
  failed(containerId: string): "liveness" | "startup" | undefined;
  /** Its startup probe, if it has one, has succeeded. */
  started(containerId: string): boolean;
}

export interface ContainerToKill {
  readonly container: ObservedContainer;
  readonly message: string;
  readonly reason: "LivenessProbe" | "StartupProbe" | "Changed" | "Unknown" | "FailedPostStart";
}

/** The difference between what should run of a pod and what does, as steps. */
export interface PodActions {
  /** Everything of the pod goes: for a new sandbox, or because the pod is done. */
  readonly killPod: boolean;
  readonly createSandbox: boolean;
  /** Of the sandbox to be created. */
  readonly attempt: number;
  /** The sandbox that containers are started in, where none is created. */
  readonly sandboxId: string | undefined;
  /** Started in this order: init containers (with sidecars that are to be restarted), ephemeral, regular ones. */
  readonly start: readonly AnyContainer[];
  readonly kill: readonly ContainerToKill[];
}

/** KEP-753 for init containers; the pod lifecycle page of the documentation for the rest. Pure. */
export function computePodActions(pod: Pod, observed: ObservedPod, probes: ProbeVerdicts): PodActions {
  const sandbox = sandboxState(pod, observed);
  if (sandbox.changed) return forNewSandbox(pod, observed, sandbox.attempt);
  const inSandbox = { ...observed, containers: observed.containers.filter((c) => c.sandboxId === sandbox.id) };
  // Sidecars have no work of their own: they neither keep a pod alive nor are revived when the others are done.
  if (regularDone(pod, observed)) {
    return {
      killPod: true,
      createSandbox: false,
      attempt: sandbox.attempt,
      sandboxId: sandbox.id,
      start: [],
      kill: [],
    };
  }
  const plan = new Plan();
  for (const container of ephemeral(pod)) if (newest(observed, container.name) === undefined) plan.start(container);
  const init = planInitContainers(pod, inSandbox, probes, plan);
  if (init === "done") planContainers(pod, observed, probes, plan);
  const failed = init === "failed";
  return {
    killPod: failed,
    createSandbox: false,
    attempt: sandbox.attempt,
    sandboxId: sandbox.id,
    start: failed ? [] : plan.starts,
    kill: failed ? [] : plan.kills,
  };
}

/** All regular containers have ended and none is to be started again. */
function regularDone(pod: Pod, observed: ObservedPod): boolean {
  return pod.spec.containers.every(
    (container) => newest(observed, container.name)?.state === "exited" && !shouldBeStarted(pod, container, observed),
  );
}

class Plan {
  readonly starts: AnyContainer[] = [];
  readonly kills: ContainerToKill[] = [];

  start(container: AnyContainer): void {
    this.starts.push(container);
  }
  kill(container: ObservedContainer, reason: ContainerToKill["reason"], message: string): void {
    this.kills.push({ container, reason, message });
  }
}

const ephemeral = (pod: Pod): readonly EphemeralContainer[] => pod.spec.ephemeralContainers ?? [];

interface SandboxState {
  readonly changed: boolean;
  readonly attempt: number;
  readonly id: string | undefined;
}

function sandboxState(pod: Pod, observed: ObservedPod): SandboxState {
  const latest = observed.sandboxes[0];
  if (latest === undefined) return { changed: true, attempt: 0, id: undefined };
  const hostNetwork = pod.spec.hostNetwork ?? false;
  const ready = observed.sandboxes.filter((sandbox) => sandbox.ready);
  const changed =
    ready.length !== 1 ||
    !latest.ready ||
    latest.hostNetwork !== hostNetwork ||
    // A network plugin that gave no address has not finished its work.
    (!hostNetwork && latest.ips.length === 0);
  return { changed, attempt: changed ? latest.attempt + 1 : latest.attempt, id: latest.id };
}

function forNewSandbox(pod: Pod, observed: ObservedPod, attempt: number): PodActions {
  const hasRun = attempt > 0 && observed.containers.length > 0;
  const wanted = (pod.spec.containers ?? []).filter((container) => !hasRun || shouldRunAgain(pod, container, observed));
  const done = { killPod: isAlive(observed), createSandbox: false, attempt, sandboxId: undefined, start: [], kill: [] };
  if (wanted.length === 0 || initFailed(pod, observed)) return done;
  const [first] = pod.spec.initContainers ?? [];
  return {
    killPod: isAlive(observed),
    createSandbox: true,
    attempt,
    sandboxId: undefined,
    start: first === undefined ? [...ephemeralNew(pod, observed), ...wanted] : [first],
    kill: [],
  };
}

const ephemeralNew = (pod: Pod, observed: ObservedPod): readonly EphemeralContainer[] =>
  ephemeral(pod).filter((container) => newest(observed, container.name) === undefined);

/** A container that ran in the sandbox that is gone was not asked to end: only what had ended counts as ended. */
function shouldRunAgain(pod: Pod, container: Container, observed: ObservedPod): boolean {
  const status = newest(observed, container.name);
  return status?.state !== "exited" || restartsAfterExit(pod, container, status.status.exitCode ?? 0);
}

function initFailed(pod: Pod, observed: ObservedPod): boolean {
  return (pod.spec.initContainers ?? []).some((container) => {
    const status = newest(observed, container.name);
    if (isSidecar(container) || status?.state !== "exited") return false;
    const exitCode = status.status.exitCode ?? 0;
    return exitCode !== 0 && !restartsAfterExit(pod, container, exitCode);
  });
}

type InitResult = "done" | "waiting" | "failed";

/** One after the other; a sidecar counts as passed once it has started, and is kept alive from then on. */
function planInitContainers(pod: Pod, observed: ObservedPod, probes: ProbeVerdicts, plan: Plan): InitResult {
  const containers = pod.spec.initContainers ?? [];
  const regularSeen = (pod.spec.containers ?? []).some((container) => newest(observed, container.name) !== undefined);
  // Everything before the last one that was begun has passed already, even where the runtime forgot it.
  const lastBegun = regularSeen
    ? containers.length
    : containers.findLastIndex((container) => newest(observed, container.name) !== undefined);
  for (const [index, container] of containers.entries()) {
    const status = newest(observed, container.name);
    const result = isSidecar(container)
      ? planSidecar(container, status, probes, plan)
      : index < lastBegun
        ? "done"
        : planInit(pod, container, status, plan);
    if (result === "failed") return "failed";
    if (result === "waiting" && index >= lastBegun) return "waiting";
  }
  return "done";
}

function planInit(pod: Pod, container: Container, status: ObservedContainer | undefined, plan: Plan): InitResult {
  if (status === undefined) {
    plan.start(container);
    return "waiting";
  }
  if (status.state === "running") {
    return "waiting";
  }
  if (status.state === "exited") {
    const exitCode = status.status.exitCode ?? 0;
    if (exitCode === 0) return "done";
    if (!restartsAfterExit(pod, container, exitCode)) return "failed";
  } else {
    plan.kill(status, "Unknown", "Init container is in unknown state, try killing it before restart");
  }
  plan.start(container);
  return "waiting";
}

function planSidecar(
  container: Container,
  status: ObservedContainer | undefined,
  probes: ProbeVerdicts,
  plan: Plan,
): InitResult {
  if (status?.state === "running") {
    if (killIfUnfit(container, status, probes, plan)) {
      plan.start(container);
      return "waiting";
    }
    return probes.started(status.id) ? "done" : "waiting";
  }
  if (status !== undefined && status.state !== "exited") {
    plan.kill(status, "Unknown", "Init container is in unknown state, try killing it before restart");
  }
  plan.start(container);
  return "waiting";
}

function planContainers(pod: Pod, observed: ObservedPod, probes: ProbeVerdicts, plan: Plan): void {
  for (const container of pod.spec.containers ?? []) {
    const status = newest(observed, container.name);
    if (status?.state !== "running") {
      if (!shouldBeStarted(pod, container, observed)) continue;
      if (status !== undefined && status.state !== "exited") {
        plan.kill(status, "Unknown", "Container is in unknown state, try killing it before starting");
      }
      plan.start(container);
    } else if (killIfUnfit(container, status, probes, plan)) {
      const changed = containerHash(container) !== status.hash;
      // Ended by us, which counts as a failure (137) for its policy.
      if (changed || restartsAfterExit(pod, container, 137)) plan.start(container);
    }
  }
}

/** Plans the end of a running container that is not what it should be. */
function killIfUnfit(container: Container, status: ObservedContainer, probes: ProbeVerdicts, plan: Plan): boolean {
  const failed = probes.failed(status.id);
  if (containerHash(container) !== status.hash && status.hash !== "") {
    plan.kill(status, "Changed", `Container ${container.name} definition changed, will be restarted`);
  } else if (failed === "liveness") {
    plan.kill(status, "LivenessProbe", `Container ${container.name} failed liveness probe, will be restarted`);
  } else if (failed === "startup") {
    plan.kill(status, "StartupProbe", `Container ${container.name} failed startup probe, will be restarted`);
  } else {
    return false;
  }
  return true;
}
