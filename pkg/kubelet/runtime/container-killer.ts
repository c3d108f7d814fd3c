import type { Container, Pod } from "#pkg/api/types/core-v1.ts";
import { type CriClient, isCriNotFound } from "#pkg/cri/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { PodEvents } from "../pod-events.ts";
import type { AnyContainer } from "../types.ts";
import type { LifecycleHooks } from "./lifecycle-hooks.ts";
import type { ObservedContainer } from "./observed-pod.ts";

export interface KillOptions {
  /** Said in the Killing event; "Stopping container NAME" unless told. */
  readonly message?: string;
  readonly graceSeconds: number;
  /** The grace is meant as it is (eviction, forced deletion): not even the least shutdown window is added. */
  readonly exactGrace?: boolean;
  readonly podIP: string;
  readonly signal: AbortSignal;
}

/** Every container gets this long between SIGTERM and SIGKILL, so that none is cut off without need (as upstream). */
const minGraceSeconds = 2;

/** Ends containers: preStop within the grace period, then SIGTERM, then SIGKILL. */
export class ContainerKiller {
  readonly #cri: CriClient;
  readonly #events: PodEvents;
  readonly #hooks: LifecycleHooks;
  readonly #log: Logger;
  /** Instances whose hook has run: a kill that is begun again with a shorter grace does not run it twice. */
  readonly #hooked = new Set<string>();

  constructor(parts: {
    readonly cri: CriClient;
    readonly events: PodEvents;
    readonly hooks: LifecycleHooks;
    readonly log: Logger;
  }) {
    this.#cri = parts.cri;
    this.#events = parts.events;
    this.#hooks = parts.hooks;
    this.#log = parts.log;
  }

  /** Resolves when the container has ended (or is not there). `spec` is absent for containers nobody knows any more. */
  async kill(
    pod: Pod,
    spec: AnyContainer | undefined,
    container: ObservedContainer,
    options: KillOptions,
  ): Promise<void> {
    const known = spec ?? container.preStopContainer;
    const named = known ?? ({ name: container.name } as Container);
    this.#events.normal(pod, "Killing", options.message ?? `Stopping container ${container.name}`, named);
    let graceSeconds = options.graceSeconds;
    if (
      known?.lifecycle?.preStop !== undefined &&
      graceSeconds > 0 &&
      container.state === "running" &&
      !this.#hooked.has(container.id)
    ) {
      this.#hooked.add(container.id);
      graceSeconds -= await this.#preStop(pod, known, container, options);
    }
    options.signal.throwIfAborted();
    const timeout = options.exactGrace === true ? options.graceSeconds : Math.max(minGraceSeconds, graceSeconds);
    try {
      await this.#cri.runtime.stopContainer(
        { containerId: container.id, timeout: Math.round(timeout) },
        { signal: options.signal },
      );
    } catch (err) {
      if (!isCriNotFound(err)) throw err;
    }
    this.#hooked.delete(container.id);
  }

  /** Returns how many seconds it took. */
  async #preStop(pod: Pod, spec: AnyContainer, container: ObservedContainer, options: KillOptions): Promise<number> {
    const handler = spec.lifecycle?.preStop;
    if (handler === undefined) return 0;
    const started = Date.now();
    try {
      await this.#hooks.run(handler, {
        pod,
        container: spec,
        containerId: container.id,
        podIP: options.podIP,
        timeoutMs: options.graceSeconds * 1000,
        signal: options.signal,
      });
    } catch (err) {
      options.signal.throwIfAborted();
      this.#log.warn("preStop hook failed", { pod: pod.metadata.name, container: spec.name, err });
      this.#events.warning(pod, "FailedPreStopHook", "PreStopHook failed", spec);
    }
    return Math.round((Date.now() - started) / 1000);
  }
}

/** Seconds between asking and forcing, by what is being done to the pod or container. */
export function graceSecondsOf(
  pod: Pod,
  spec: AnyContainer | undefined,
  container: ObservedContainer,
  reason?: string,
): number {
  const ofPod =
    pod.metadata.deletionGracePeriodSeconds ??
    pod.spec?.terminationGracePeriodSeconds ??
    container.terminationGracePeriodSeconds ??
    30;
  if (pod.metadata.deletionTimestamp !== undefined) return ofPod;
  const { livenessProbe, startupProbe } = (spec ?? {}) as Container;
  if (reason === "LivenessProbe") return livenessProbe?.terminationGracePeriodSeconds ?? ofPod;
  if (reason === "StartupProbe") return startupProbe?.terminationGracePeriodSeconds ?? ofPod;
  return ofPod;
}
