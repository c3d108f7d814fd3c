import type { Container, ContainerState, ContainerStatus, Pod, VolumeMountStatus } from "#pkg/api/types/core-v1.ts";
import type { ObservedContainer, ObservedPod } from "../runtime/observed-pod.ts";
import { newest } from "../runtime/observed-pod.ts";
import { isSidecar, shouldBeStarted } from "../runtime/restart-policy.ts";
import type { WaitingReasons } from "../runtime/waiting-reasons.ts";
import type { AnyContainer } from "../types.ts";
import { timeOfNanos } from "./times.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface ContainerStatusInput {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly containers: readonly AnyContainer[];
  /** What the API, or the last computation, holds of them. */
  readonly before: readonly ContainerStatus[];
  /** Regular init containers: what has passed need not be known to the runtime any more. */
  readonly isInit: boolean;
  readonly waiting: WaitingReasons;
  /** "containerd": the scheme of container ids. */
  readonly runtimeName: string;
}

/** Statuses of one of the pod's lists without readiness, in the list's order. Nothing that was once known is unlearned. */
export function containerStatuses(input: ContainerStatusInput): ContainerStatus[] {
  return input.containers.map((container) => {
    const before = input.before.find(({ name }) => name === container.name);
    const instances = input.observed.containers.filter(({ name }) => name === container.name);
    const status =
      instances.length === 0
        ? withoutInstance(input, container, before)
        : ofInstances(input, container, instances, before);
    return withWaitingReason(input, container, status);
  });
}

/** The container has no instance in the runtime: not started yet, or forgotten. */
function withoutInstance(
  input: ContainerStatusInput,
  container: AnyContainer,
  before: ContainerStatus | undefined,
): ContainerStatus {
  const status: Mutable<ContainerStatus> = {
    name: container.name,
    image: container.image ?? "",
    imageID: "",
    ready: false,
    started: false,
    restartCount: before?.restartCount ?? 0,
    state: { waiting: { reason: defaultReason(input) } },
    lastState: before?.lastState ?? {},
  };
  if (before?.state?.terminated !== undefined) return before;
  if (input.isInit && !isSidecar(container) && hasInitialized(input.pod, input.observed)) {
    const message =
      "Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally";
    return { ...status, ready: true, state: { terminated: { reason: "Completed", message, exitCode: 0 } } };
  }
  if (before?.state?.running !== undefined) {
    const message = "The container could not be located when the pod was deleted.  The container used to be Running";
    status.lastState = { terminated: { reason: "ContainerStatusUnknown", message, exitCode: 137 } };
    if (input.pod.metadata.deletionTimestamp === undefined) status.restartCount++;
  }
  return status;
}

const defaultReason = (input: ContainerStatusInput): string => {
  const { initContainers = [] } = input.pod.spec;
  const waitsForInit = !input.isInit && initContainers.length > 0 && !hasInitialized(input.pod, input.observed);
  return waitsForInit || (input.isInit && initContainers.length > 0) ? "PodInitializing" : "ContainerCreating";
};

/** A regular container was begun, so the init containers have passed. */
export function hasInitialized(pod: Pod, observed: ObservedPod): boolean {
  return pod.spec.containers.some((container) => newest(observed, container.name) !== undefined);
}

function ofInstances(
  input: ContainerStatusInput,
  container: AnyContainer,
  instances: readonly ObservedContainer[],
  before: ContainerStatus | undefined,
): ContainerStatus {
  const [latest, previous] = instances as readonly [ObservedContainer, ...ObservedContainer[]];
  const { status } = latest;
  const state = stateOf(latest, input.runtimeName);
  const lastState =
    previous === undefined ? carriedLastState(latest, before, input.runtimeName) : stateOf(previous, input.runtimeName);
  const user = status.user?.linux;
  const requests = (container as Container).resources?.requests;
  const resources = (container as Container).resources;
  return {
    name: container.name,
    state: state.waiting === undefined ? state : { waiting: { reason: defaultReason(input) } },
    lastState: lastState?.terminated === undefined ? {} : lastState,
    ready: false,
    started: false,
    restartCount: latest.restartCount,
    image: imageName(status.image?.image, container.image),
    imageID: orElse(status.imageRef, status.imageId),
    containerID: `${input.runtimeName}://${latest.id}`,
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    ...(resources === undefined ? {} : { resources: { ...resources } }),
    volumeMounts: volumeMounts(container, latest),
    ...(user === undefined || user === null
      ? {}
      : {
          user: {
            linux: { uid: user.uid ?? 0, gid: user.gid ?? 0, supplementalGroups: [...(user.supplementalGroups ?? [])] },
          },
        }),
    ...(status.stopSignal === undefined || status.stopSignal === "RUNTIME_DEFAULT"
      ? {}
      : { stopSignal: status.stopSignal }),
  };
}

const orElse = (...texts: readonly (string | undefined)[]): string => texts.find((text) => (text ?? "") !== "") ?? "";
/** A runtime that was given an id may answer with it: then the name in the spec tells more. */
const imageName = (ofRuntime: string | undefined, ofSpec: string | undefined): string =>
  (ofRuntime ?? "") === "" || ofRuntime?.startsWith("sha256:") === true ? (ofSpec ?? "") : (ofRuntime as string);

/** An earlier instance that the runtime has forgotten lives on in the API. */
function carriedLastState(
  latest: ObservedContainer,
  before: ContainerStatus | undefined,
  runtimeName: string,
): ContainerState | undefined {
  if (before === undefined) return undefined;
  const id = `${runtimeName}://${latest.id}`;
  const ended = before.state?.terminated;
  if (ended !== undefined && ended.containerID !== id && ended.containerID !== undefined) return { terminated: ended };
  return before.lastState;
}

function stateOf(container: ObservedContainer, runtimeName: string): ContainerState {
  const { status } = container;
  const startedAt = timeOfNanos(status.startedAt);
  if (container.state === "running") return { running: startedAt === undefined ? {} : { startedAt } };
  if (container.state === "created") return { waiting: {} };
  const finishedAt = timeOfNanos(status.finishedAt);
  const exitCode = container.state === "exited" ? (status.exitCode ?? 0) : 137;
  const message = [status.message ?? "", container.terminationMessage].filter((text) => text !== "").join(": ");
  const reason =
    container.state !== "exited"
      ? "ContainerStatusUnknown"
      : orElse(status.reason, exitCode === 0 ? "Completed" : "Error");
  return {
    terminated: {
      exitCode,
      reason,
      ...(message === "" ? {} : { message }),
      startedAt: startedAt ?? null1970,
      finishedAt: finishedAt ?? null1970,
      containerID: `${runtimeName}://${container.id}`,
    },
  };
}

/** A container that never started, as upstream writes its times. */
const null1970 = "1970-01-01T00:00:00Z";

function volumeMounts(container: AnyContainer, instance: ObservedContainer): VolumeMountStatus[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const readOnly = mount.readOnly ?? false;
    const actual = instance.status.mounts?.find(({ containerPath }) => containerPath === mount.mountPath);
    return {
      name: mount.name,
      mountPath: mount.mountPath,
      ...(readOnly ? { readOnly, recursiveReadOnly: actual?.recursiveReadOnly === true ? "Enabled" : "Disabled" } : {}),
    };
  });
}

/** A container that should run but could not be started is Waiting; its end, if it had one, moves to lastState. */
function withWaitingReason(
  input: ContainerStatusInput,
  container: AnyContainer,
  status: ContainerStatus,
): ContainerStatus {
  const reason = input.waiting.get(input.pod.metadata.uid, container.name);
  if (reason === undefined) return status;
  const last = newest(input.observed, container.name);
  const passed = input.isInit && !isSidecar(container) && last?.state === "exited" && last.status.exitCode === 0;
  if (passed || !shouldBeStarted(input.pod, container, input.observed)) return status;
  const ended = status.state?.terminated;
  return {
    ...status,
    ...(ended === undefined ? {} : { lastState: { terminated: ended } }),
    state: { waiting: { reason: reason.reason, message: reason.message } },
  };
}
