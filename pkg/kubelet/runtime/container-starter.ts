import type { Pod } from "#pkg/api/types/core-v1.ts";
import { type ContainerConfig, type CriClient, CriError, type PodSandboxConfig } from "#pkg/cri/index.ts";
import { containerAnnotations, containerLabels } from "../bookkeeping.ts";
import type { PodEvents } from "../pod-events.ts";
import {
  type AnyContainer,
  type ContainerContext,
  type EphemeralContainer,
  PodError,
  type PodEnvironment,
} from "../types.ts";
import type { ReadyImage } from "./image-manager.ts";
import type { LifecycleHooks } from "./lifecycle-hooks.ts";
import { newest, type ObservedPod } from "./observed-pod.ts";
import type { RuntimeCache } from "./runtime-cache.ts";

export interface StartTarget {
  readonly pod: Pod;
  readonly observed: ObservedPod;
  readonly sandboxId: string;
  readonly sandboxConfig: PodSandboxConfig;
  readonly podIPs: readonly string[];
  readonly image: ReadyImage;
  readonly signal: AbortSignal;
}

/** Creates and starts one container: config, CreateContainer, StartContainer, postStart. */
export class ContainerStarter {
  readonly #cri: CriClient;
  readonly #cache: RuntimeCache;
  readonly #environment: PodEnvironment;
  readonly #events: PodEvents;
  readonly #hooks: LifecycleHooks;

  constructor(parts: {
    readonly cri: CriClient;
    readonly cache: RuntimeCache;
    readonly environment: PodEnvironment;
    readonly events: PodEvents;
    readonly hooks: LifecycleHooks;
  }) {
    this.#cri = parts.cri;
    this.#cache = parts.cache;
    this.#environment = parts.environment;
    this.#events = parts.events;
    this.#hooks = parts.hooks;
  }

  /** Rejects with a PodError whose `waiting` is the reason that users see in `kubectl get pods`. */
  async start(container: AnyContainer, target: StartTarget): Promise<void> {
    const { pod, signal } = target;
    const attempt = nextAttempt(pod, container, target.observed);
    const config = await this.#config(container, attempt, target);
    const containerId = await this.#create(container, config, target);
    this.#cache.expect(pod.metadata.uid, containerId);
    this.#events.normal(pod, "Created", "Container created", container);
    try {
      await this.#cri.runtime.startContainer({ containerId }, { signal });
    } catch (err) {
      this.#cache.touch(pod.metadata.uid);
      throw this.#failed(pod, container, "RunContainerError", err);
    }
    this.#events.normal(pod, "Started", "Container started", container);
    await this.#cache.addContainer(pod.metadata.uid, target.sandboxId, containerId);
    await this.#postStart(container, containerId, target);
  }

  async #config(container: AnyContainer, attempt: number, target: StartTarget): Promise<ContainerConfig> {
    const { pod, image, observed } = target;
    const targetName = (container as EphemeralContainer).targetContainerName;
    const targetContainer = targetName === undefined ? undefined : newest(observed, targetName);
    const context: ContainerContext = {
      sandboxId: target.sandboxId,
      sandboxConfig: target.sandboxConfig,
      podIPs: target.podIPs,
      imageRef: image.ref,
      attempt,
      ...(image.uid === undefined ? {} : { imageUid: image.uid }),
      ...(image.username === undefined ? {} : { imageUsername: image.username }),
      ...(targetContainer === undefined ? {} : { targetContainerId: targetContainer.id }),
    };
    try {
      const config = await this.#environment.containerConfig(pod, container, context);
      return {
        ...config,
        metadata: { name: container.name, attempt },
        labels: { ...config.labels, ...containerLabels(pod, container) },
        annotations: { ...config.annotations, ...containerAnnotations(pod, container, attempt) },
      };
    } catch (err) {
      target.signal.throwIfAborted();
      throw this.#failed(pod, container, waitingOf(err) ?? "CreateContainerConfigError", err);
    }
  }

  async #create(container: AnyContainer, config: ContainerConfig, target: StartTarget): Promise<string> {
    const { sandboxId, sandboxConfig, signal } = target;
    try {
      const { containerId = "" } = await this.#cri.runtime.createContainer(
        { podSandboxId: sandboxId, config, sandboxConfig },
        { signal },
      );
      return containerId;
    } catch (err) {
      signal.throwIfAborted();
      throw this.#failed(target.pod, container, "CreateContainerError", err);
    }
  }

  async #postStart(container: AnyContainer, containerId: string, target: StartTarget): Promise<void> {
    const handler = container.lifecycle?.postStart;
    if (handler === undefined) return;
    const { pod, signal } = target;
    try {
      await this.#hooks.run(handler, {
        pod,
        container,
        containerId,
        podIP: target.podIPs[0] ?? "",
        timeoutMs: 24 * 3600 * 1000,
        signal,
      });
    } catch (err) {
      signal.throwIfAborted();
      this.#events.warning(pod, "FailedPostStartHook", "PostStartHook failed", container);
      throw new PostStartError(containerId, err);
    }
  }

  #failed(pod: Pod, container: AnyContainer, waiting: string, cause: unknown): PodError {
    const text = cause instanceof CriError ? cause.details : cause instanceof Error ? cause.message : String(cause);
    this.#events.warning(pod, "Failed", `Error: ${text}`, container);
    return new PodError("Failed", text, { waiting, cause });
  }
}

/** The container runs, but its postStart hook failed: it is to be killed. */
export class PostStartError extends PodError {
  readonly containerId: string;
  constructor(containerId: string, cause: unknown) {
    super("FailedPostStartHook", "PostStartHook failed", { waiting: "PostStartHookError", cause });
    this.name = "PostStartError";
    this.containerId = containerId;
  }
}

const waitingOf = (err: unknown): string | undefined => (err instanceof PodError ? err.waiting : undefined);

/** One more than the newest instance's; where the runtime forgot them all, one more than the API remembers. */
function nextAttempt(pod: Pod, container: AnyContainer, observed: ObservedPod): number {
  const last = newest(observed, container.name);
  if (last !== undefined) return last.restartCount + 1;
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const known = [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container.name);
  const hasRun = known?.state?.running !== undefined || known?.state?.terminated !== undefined;
  return hasRun ? (known?.restartCount ?? 0) + 1 : (known?.restartCount ?? 0);
}
