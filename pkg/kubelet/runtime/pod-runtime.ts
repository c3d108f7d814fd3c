import type { Container, Pod } from "#pkg/api/types/core-v1.ts";
import { type CriClient, isCriNotFound, type PodSandboxConfig } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import { Backoff } from "../backoff.ts";
import { sandboxAnnotations, sandboxLabels } from "../bookkeeping.ts";
import type { PodEvents } from "../pod-events.ts";
import { type AnyContainer, PodError, type PodEnvironment } from "../types.ts";
import { type ContainerKiller, graceSecondsOf } from "./container-killer.ts";
import { type ContainerStarter, PostStartError } from "./container-starter.ts";
import { ImageError, type ImageManager, type ReadyImage } from "./image-manager.ts";
import { nothingObserved, type ObservedContainer, type ObservedPod, podIPsOf } from "./observed-pod.ts";
import { computePodActions, type PodActions, type ProbeVerdicts } from "./pod-actions.ts";
import { isSidecar } from "./restart-policy.ts";
import type { RuntimeCache } from "./runtime-cache.ts";
import type { WaitingReasons } from "./waiting-reasons.ts";

const firstBackoffMs = 10_000;
const maxBackoffMs = 300_000;

/** When to look at the pod again although nothing will tell: the soonest end of a back-off. */
export interface SyncResult {
  readonly retryAfterMs: number | undefined;
}

/** Makes what runs of one pod match its spec, and ends it. Called by one worker at a time per pod. */
export class PodRuntime {
  readonly #cri: CriClient;
  readonly #cache: RuntimeCache;
  readonly #environment: PodEnvironment;
  readonly #images: ImageManager;
  readonly #starter: ContainerStarter;
  readonly #killer: ContainerKiller;
  readonly #events: PodEvents;
  readonly #waiting: WaitingReasons;
  readonly #handlerOf: (pod: Pod) => Promise<string>;
  readonly #log: Logger;
  readonly #crashes = new Backoff(firstBackoffMs, maxBackoffMs);

  constructor(parts: {
    readonly cri: CriClient;
    readonly cache: RuntimeCache;
    readonly environment: PodEnvironment;
    readonly images: ImageManager;
    readonly starter: ContainerStarter;
    readonly killer: ContainerKiller;
    readonly events: PodEvents;
    readonly waiting: WaitingReasons;
    /** The runtime handler of the pod's RuntimeClass; "" is the default one. */
    readonly handlerOf: (pod: Pod) => Promise<string>;
    readonly log: Logger;
  }) {
    this.#cri = parts.cri;
    this.#cache = parts.cache;
    this.#environment = parts.environment;
    this.#images = parts.images;
    this.#starter = parts.starter;
    this.#killer = parts.killer;
    this.#events = parts.events;
    this.#waiting = parts.waiting;
    this.#handlerOf = parts.handlerOf;
    this.#log = parts.log;
  }

  /** One pass. Failures of single containers become waiting reasons and a time to retry; only a lost sandbox rejects. */
  async sync(pod: Pod, observed: ObservedPod, probes: ProbeVerdicts, signal: AbortSignal): Promise<SyncResult> {
    const actions = computePodActions(pod, observed, probes);
    if (actions.killPod) {
      if (actions.createSandbox) {
        this.#events.normal(pod, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
      }
      await this.kill(pod, observed, signal);
    } else {
      await Promise.all(actions.kill.map((item) => this.#killOne(pod, observed, item.container, item, signal)));
    }
    if (actions.start.length === 0 && !actions.createSandbox) return { retryAfterMs: undefined };
    return await this.#start(pod, observed, actions, signal);
  }

  /** Ends all containers, sidecars last and in reverse order, then the sandboxes. Nothing is removed. */
  async kill(pod: Pod, observed: ObservedPod, signal: AbortSignal, graceOverride?: number): Promise<void> {
    const running = observed.containers.filter((container) => container.state !== "exited");
    const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
    const started = Date.now();
    const killOne = async (container: ObservedContainer): Promise<void> => {
      const spec = specOf(pod, container.name);
      const grace = graceOverride ?? graceSecondsOf(pod, spec, container);
      const left = grace - Math.round((Date.now() - started) / 1000);
      await this.#killer.kill(pod, spec, container, {
        graceSeconds: graceOverride === undefined ? Math.max(0, left) : graceOverride,
        exactGrace: graceOverride !== undefined,
        podIP: podIPsOf(observed)[0] ?? "",
        signal,
      });
    };
    try {
      await Promise.all(running.filter(({ name }) => !sidecars.includes(name)).map(killOne));
      for (const name of sidecars.toReversed()) {
        await Promise.all(running.filter((container) => container.name === name).map(killOne));
      }
      await Promise.all(observed.sandboxes.filter(({ ready }) => ready).map(({ id }) => this.#stopSandbox(id)));
    } finally {
      this.#cache.touch(observed.uid);
    }
  }

  /** Removes sandboxes and containers that have ended. */
  async remove(observed: ObservedPod): Promise<void> {
    await Promise.all(
      observed.containers.map(({ id }) => ignoreMissing(this.#cri.runtime.removeContainer({ containerId: id }))),
    );
    await Promise.all(
      observed.sandboxes.map(({ id }) => ignoreMissing(this.#cri.runtime.removePodSandbox({ podSandboxId: id }))),
    );
    this.#cache.touch(observed.uid);
  }

  /** Drops what is remembered of a pod that is gone. */
  forget(podUid: string): void {
    this.#crashes.forget(`${podUid}/`);
    this.#images.forget(podUid);
    this.#waiting.forget(podUid);
  }

  async #start(pod: Pod, observed: ObservedPod, actions: PodActions, signal: AbortSignal): Promise<SyncResult> {
    const sandboxConfig = await this.#sandboxConfig(pod, actions.attempt);
    const now = Date.now();
    const due = actions.start.filter((container) => this.#crashRemainingMs(pod, container, observed, now) === 0);
    // Image checks and pulls go on while the runtime makes the sandbox.
    const images = new Map(due.map((container) => [container, this.#image(pod, container, sandboxConfig)]));
    for (const image of images.values()) image.catch(() => undefined);
    let { sandboxId } = actions;
    let current = observed;
    if (actions.createSandbox || sandboxId === undefined) {
      sandboxId = await this.#createSandbox(pod, sandboxConfig, signal);
      current = await this.#cache.addSandbox(pod.metadata.uid, sandboxId);
    }
    const podIPs = podIPsOf(current);
    let retryAfterMs: number | undefined;
    const retry = (ms: number): void => {
      retryAfterMs = Math.min(ms, retryAfterMs ?? ms);
    };
    for (const container of actions.start) {
      const remaining = this.#crashRemainingMs(pod, container, observed, Date.now());
      if (remaining > 0) {
        this.#backingOff(pod, container);
        retry(remaining);
        continue;
      }
      try {
        const image = await (images.get(container) ?? this.#image(pod, container, sandboxConfig));
        signal.throwIfAborted();
        this.#countCrash(pod, container, observed);
        await this.#starter.start(container, {
          pod,
          observed: current,
          sandboxId,
          sandboxConfig,
          podIPs,
          image,
          signal,
        });
        this.#waiting.clear(pod.metadata.uid, container.name);
        // What comes after a sidecar need not wait for its end: nobody else will tell.
        if (isSidecar(container)) retry(0);
      } catch (err) {
        signal.throwIfAborted();
        retry(this.#noteFailure(pod, container, err));
        if (err instanceof PostStartError) await this.#killAfterPostStart(pod, container, err, signal);
      }
    }
    return { retryAfterMs };
  }

  async #image(pod: Pod, container: AnyContainer, sandboxConfig: PodSandboxConfig): Promise<ReadyImage> {
    return await this.#images.ensure(pod, container, {
      secrets: () => this.#environment.pullSecrets(pod),
      sandboxConfig: () => Promise.resolve(sandboxConfig),
    });
  }

  async #sandboxConfig(pod: Pod, attempt: number): Promise<PodSandboxConfig> {
    const { name, namespace, uid } = pod.metadata;
    const config = await this.#environment.sandboxConfig(pod, attempt);
    return {
      ...config,
      metadata: { name, uid, attempt, ...(namespace === undefined ? {} : { namespace }) },
      labels: { ...config.labels, ...sandboxLabels(pod) },
      annotations: { ...config.annotations, ...sandboxAnnotations(pod) },
    };
  }

  async #createSandbox(pod: Pod, config: PodSandboxConfig, signal: AbortSignal): Promise<string> {
    try {
      const runtimeHandler = await this.#handlerOf(pod);
      const { podSandboxId = "" } = await this.#cri.runtime.runPodSandbox({ config, runtimeHandler }, { signal });
      return podSandboxId;
    } catch (err) {
      this.#cache.touch(pod.metadata.uid);
      signal.throwIfAborted();
      const text = err instanceof Error ? err.message : String(err);
      throw new PodError("FailedCreatePodSandBox", `Failed to create pod sandbox: ${text}`, { cause: err });
    }
  }

  async #stopSandbox(podSandboxId: string): Promise<void> {
    await ignoreMissing(this.#cri.runtime.stopPodSandbox({ podSandboxId }));
  }

  async #killOne(
    pod: Pod,
    observed: ObservedPod,
    container: ObservedContainer,
    why: { readonly message: string; readonly reason: string },
    signal: AbortSignal,
  ): Promise<void> {
    const spec = specOf(pod, container.name);
    try {
      await this.#killer.kill(pod, spec, container, {
        message: why.message,
        graceSeconds: graceSecondsOf(pod, spec, container, why.reason),
        podIP: podIPsOf(observed)[0] ?? "",
        signal,
      });
    } finally {
      this.#cache.touch(observed.uid);
    }
  }

  async #killAfterPostStart(
    pod: Pod,
    container: AnyContainer,
    err: PostStartError,
    signal: AbortSignal,
  ): Promise<void> {
    const observed = await this.#cache.inspect(pod.metadata.uid);
    const instance = observed.containers.find(({ id }) => id === err.containerId);
    if (instance === undefined) return;
    await this.#killOne(pod, observed, instance, { message: "FailedPostStartHook", reason: "FailedPostStart" }, signal);
    this.#log.info("container ended because its postStart hook failed", {
      pod: pod.metadata.name,
      container: container.name,
    });
  }

  #crashRemainingMs(pod: Pod, container: AnyContainer, observed: ObservedPod, now: number): number {
    const last = lastEnded(observed, container.name);
    if (last === undefined) return 0;
    return this.#crashes.remainingMs(backoffKey(pod, container), (last.status.finishedAt ?? 0) / 1e6, now);
  }

  /** Only an instance that ended counts: the first start is free, and so is the first restart. */
  #countCrash(pod: Pod, container: AnyContainer, observed: ObservedPod): void {
    if (lastEnded(observed, container.name) !== undefined) this.#crashes.next(backoffKey(pod, container), Date.now());
  }

  #backingOff(pod: Pod, container: AnyContainer): void {
    const { name, namespace, uid } = pod.metadata;
    const full = `${name}_${namespace}(${uid})`;
    this.#events.warning(
      pod,
      "BackOff",
      `Back-off restarting failed container ${container.name} in pod ${full}`,
      container,
    );
    const wait = goDuration(this.#crashes.waitMs(backoffKey(pod, container)));
    this.#waiting.set(uid, container.name, {
      reason: "CrashLoopBackOff",
      message: `back-off ${wait} restarting failed container=${container.name} pod=${full}`,
    });
  }

  /** Returns when to try again. */
  #noteFailure(pod: Pod, container: AnyContainer, err: unknown): number {
    const waiting = err instanceof PodError ? err.waiting : undefined;
    const message = err instanceof Error ? err.message : String(err);
    if (waiting === undefined)
      this.#log.warn("container not started", { pod: pod.metadata.name, container: container.name, err });
    this.#waiting.set(pod.metadata.uid, container.name, { reason: waiting ?? "RunContainerError", message });
    if (err instanceof ImageError) {
      this.#events.warning(pod, "Failed", `Error: ${err.waiting}`, container);
      return err.retryAfterMs ?? firstBackoffMs;
    }
    return firstBackoffMs;
  }
}

const backoffKey = (pod: Pod, container: AnyContainer): string =>
  `${pod.metadata.uid}/${container.name}/${container.image}`;

const lastEnded = (observed: ObservedPod, name: string): ObservedContainer | undefined =>
  observed.containers.find((container) => container.name === name && container.state === "exited");

const goDuration = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
};

async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (err) {
    if (!isCriNotFound(err)) throw err;
  }
}

/** A container of any of the pod's lists, by name. */
export function specOf(pod: Pod, name: string): AnyContainer | undefined {
  const lists = [pod.spec?.containers, pod.spec?.initContainers, pod.spec?.ephemeralContainers];
  for (const list of lists) {
    const found = (list as readonly Container[] | undefined)?.find((container) => container.name === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The pod as far as the runtime remembers it, for containers that the API has forgotten. */
export function podOfObserved(observed: ObservedPod): Pod {
  const { uid, name, namespace } = observed.uid === "" ? nothingObserved("") : observed;
  return {
    metadata: { uid, name, namespace, creationTimestamp: "", resourceVersion: "" },
    spec: { containers: [] },
  };
}
