/**
 * The map of the folder: the seam between *when* things happen to a pod and *what* they are made of.
 *
 *   API pods, static pods ─▶ PodManager ─▶ PodWorkers ─▶ PodRuntime ─▶ CRI ─▶ PLEG ─▶ PodWorkers ─▶ status ─▶ API
 *                                            │ PodEnvironment (directories, volumes, configs)
 *                                            ▼
 *                                       containers, volumes, cgroups of one pod
 */
import type { Container, EphemeralContainer, Pod, PodStatus, Secret } from "#pkg/api/types/core-v1.ts";
import type { ContainerConfig, PodSandboxConfig } from "#pkg/cri/index.ts";

export type { Container, EphemeralContainer, Pod, PodStatus } from "#pkg/api/types/core-v1.ts";

/** A container of any of the pod's three lists. */
export type AnyContainer = Container | EphemeralContainer;

/**
 * Something about a pod that the user must hear of: it becomes an Event with `reason` on the pod and, where `waiting` is
 * set, the waiting reason of the container's state (CreateContainerConfigError, …). The pod is tried again.
 */
export class PodError extends Error {
  /** Event reason, e.g. "FailedMount", "Failed", "FailedCreatePodSandBox". */
  readonly reason: string;
  /** state.waiting.reason of the container, e.g. "CreateContainerConfigError". */
  readonly waiting: string | undefined;

  constructor(reason: string, message: string, options: { readonly waiting?: string; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "PodError";
    this.reason = reason;
    this.waiting = options.waiting;
  }
}

/** What is known when a container is about to be created. */
export interface ContainerContext {
  readonly sandboxId: string;
  /** As podSandboxConfig was given to RunPodSandbox. */
  readonly sandboxConfig: PodSandboxConfig;
  /** Of the pod (host network: of the node), primary first. */
  readonly podIPs: readonly string[];
  /** What PullImage or ImageStatus resolved the container's image to: CreateContainer is given this. */
  readonly imageRef: string;
  /** The image's user, for runAsNonRoot checks: a number, or a name, or neither (root). */
  readonly imageUid?: number;
  readonly imageUsername?: string;
  /** metadata.attempt and restartCount of this instance; its log is `<container>/<attempt>.log`. */
  readonly attempt: number;
  /** CRI id of an ephemeral container's target. */
  readonly targetContainerId?: string;
}

/**
 * What pods are made of: directories, volumes, hosts and resolv.conf, cgroups, CRI configs. All methods may be called
 * again at any time for the same pod (idempotent) and for different pods at once; never twice at once for one pod.
 *
 *   prepare ─▶ sandboxConfig ─▶ containerConfig … ─▶ (containers gone) ─▶ cleanup
 */
export interface PodEnvironment {
  /** Starts caches and watches of configmaps and secrets; runs until the signal aborts. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Everything the sandbox and the first container need: pod and log directories, pod cgroup, volumes mounted. Called at
   * every sync of a running pod too, where it must be cheap (volumes that follow their source are refreshed elsewhere).
   * Rejects with a PodError ("FailedMount", …) when something is not there yet; the caller tries again with back-off.
   */
  prepare(pod: Pod, signal: AbortSignal): Promise<void>;
  /**
   * Complete but for what kubelet's bookkeeping adds itself: metadata, labels and annotations that identify the pod
   * (the pod's own are merged by the caller, see `bookkeeping.ts`).
   */
  sandboxConfig(pod: Pod, attempt: number): Promise<PodSandboxConfig>;
  /**
   * Complete but for metadata, labels and annotations (same). Makes the log directory, the termination message file and
   * its mount. Rejects with a PodError whose `waiting` is CreateContainerConfigError when a reference is missing.
   */
  containerConfig(pod: Pod, container: AnyContainer, context: ContainerContext): Promise<ContainerConfig>;
  /** spec.imagePullSecrets that exist, in order. */
  pullSecrets(pod: Pod): Promise<readonly Secret[]>;
  /** Unmounts and removes everything of a pod whose containers are gone. Needs the uid only (orphans after a restart). */
  cleanup(podUid: string, signal: AbortSignal): Promise<void>;
  /** Uids that have something on disk (directories, mounts, cgroups), for orphan cleanup after a restart. */
  podsOnDisk(): Promise<readonly string[]>;
  /** Recreates logs directories' garbage: removes logs of containers and pods that are gone. */
  removeContainerLogs(
    pod: { readonly namespace: string; readonly name: string; readonly uid: string },
    container: string,
    attempt: number,
  ): Promise<void>;
  /** Removes the log directory of a pod that the API has forgotten; until then its logs stay readable. */
  removePodLogs(podUid: string): Promise<void>;
}

/** The pods this node should run, API and static ones. */
export interface PodManager {
  list(): readonly Pod[];
  byUid(uid: string): Pod | undefined;
  byName(namespace: string, name: string): Pod | undefined;
}

/** Where desired pods come from besides the API: manifests in a directory or behind a URL. */
export interface PodSource {
  /** Runs until the signal aborts; calls `changed` with the whole set each time it differs. */
  start(signal: AbortSignal, changed: (pods: readonly Pod[]) => void): Promise<void>;
}

/** What the kubelet's server and other parts may ask about pods' life. */
export interface PodStatusProvider {
  /** Pods of this node with their current status: GET /pods. */
  pods(): readonly Pod[];
  /** The latest status that was computed, which may be newer than what the API has. */
  podStatus(podUid: string): PodStatus | undefined;
  /** CRI id of the newest container of that name, or of the one before it; undefined when there is none. */
  containerId(namespace: string, pod: string, container: string, previous?: boolean): string | undefined;
  /** CRI id of the pod's ready sandbox. */
  sandboxId(namespace: string, pod: string): string | undefined;
  /** True once PLEG and the runtime answer: /healthz and the PLEG condition. */
  healthy(): boolean;
}
