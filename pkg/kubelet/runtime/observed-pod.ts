import type { ContainerStatus, PodSandbox } from "#pkg/cri/index.ts";
import { type ContainerRecord, containerRecord } from "../bookkeeping.ts";

export type ObservedState = "created" | "running" | "exited" | "unknown";

/** One instance of a container as the runtime knows it. */
export interface ObservedContainer extends ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly state: ObservedState;
  /** The runtime's own answer: times in ns, exit code, image, mounts, log path. */
  readonly status: ContainerStatus;
  /** What it left at its terminationMessagePath (or the end of its log); only of an exited one. */
  readonly terminationMessage: string;
}

export interface ObservedSandbox {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAt: number;
  readonly runtimeHandler: string;
  /** Primary first; only asked for where the sandbox is ready. */
  readonly ips: readonly string[];
  readonly hostNetwork: boolean;
}

/** What runs, or ran, of one pod. Newest first. */
export interface ObservedPod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly sandboxes: readonly ObservedSandbox[];
  readonly containers: readonly ObservedContainer[];
}

export const nothingObserved = (uid: string): ObservedPod => ({
  uid,
  name: "",
  namespace: "",
  sandboxes: [],
  containers: [],
});

const states: Readonly<Record<string, ObservedState>> = {
  CONTAINER_CREATED: "created",
  CONTAINER_RUNNING: "running",
  CONTAINER_EXITED: "exited",
};

export function observedContainer(
  sandboxId: string,
  status: ContainerStatus,
  terminationMessage: string,
): ObservedContainer {
  return {
    ...containerRecord(status),
    id: status.id ?? "",
    sandboxId,
    name: status.metadata?.name ?? "",
    state: states[status.state ?? ""] ?? "unknown",
    status,
    terminationMessage,
  };
}

export function observedSandbox(
  sandbox: PodSandbox,
  network: { readonly ips: readonly string[]; readonly hostNetwork: boolean },
): ObservedSandbox {
  return {
    id: sandbox.id ?? "",
    attempt: sandbox.metadata?.attempt ?? 0,
    ready: sandbox.state === "SANDBOX_READY",
    createdAt: sandbox.createdAt ?? 0,
    runtimeHandler: sandbox.runtimeHandler ?? "",
    ...network,
  };
}

/** The newest instance of a container. */
export function newest(pod: ObservedPod, name: string): ObservedContainer | undefined {
  return pod.containers.find((container) => container.name === name);
}

export const isRunning = (container: ObservedContainer | undefined): boolean => container?.state === "running";

/** Addresses of the newest ready sandbox. */
export function podIPsOf(pod: ObservedPod): readonly string[] {
  return pod.sandboxes.find((sandbox) => sandbox.ready)?.ips ?? [];
}

/** Whether anything of the pod still holds resources: a running container or a ready sandbox. */
export function isAlive(pod: ObservedPod): boolean {
  return pod.sandboxes.some((sandbox) => sandbox.ready) || pod.containers.some((c) => c.state !== "exited");
}
