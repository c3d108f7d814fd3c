import type { Pod, PodStatus } from "#pkg/api/types/core-v1.ts";
import { isCriUnavailable } from "#pkg/cri/index.ts";
import { admitPod, type AdmissionFacts } from "./admission.ts";
import type { PodEvents } from "./pod-events.ts";
import type { PodFailure, PodSyncer, PodSyncResult } from "./pod-workers.ts";
import type { ProbeManager } from "./probes/probe-manager.ts";
import { isAlive, type ObservedPod } from "./runtime/observed-pod.ts";
import type { PodRuntime } from "./runtime/pod-runtime.ts";
import type { RuntimeCache } from "./runtime/runtime-cache.ts";
import type { WaitingReasons } from "./runtime/waiting-reasons.ts";
import { computePodStatus } from "./status/pod-status.ts";
import type { StatusManager } from "./status/status-manager.ts";
import { PodError, type PodEnvironment } from "./types.ts";

export interface PodSyncerParts {
  readonly cache: RuntimeCache;
  readonly runtime: PodRuntime;
  readonly environment: PodEnvironment;
  readonly probes: ProbeManager;
  readonly statuses: StatusManager;
  readonly waiting: WaitingReasons;
  readonly events: PodEvents;
  readonly runtimeName: () => string;
  readonly hostIPs: readonly string[];
  /** Why pods on the pod network cannot be started now; undefined when they can. */
  readonly networkProblem: () => string | undefined;
  readonly admission: () => AdmissionFacts;
  /** The API's object for a pod of another source (its mirror); the pod itself otherwise. */
  readonly apiPod: (pod: Pod) => Pod | undefined;
}

const networkRetryMs = 5_000;

/** The steps of a pod's life, each made of the parts that know how. */
export class KubeletPodSyncer implements PodSyncer {
  readonly #parts: PodSyncerParts;
  readonly #admitted = new Set<string>();

  constructor(parts: PodSyncerParts) {
    this.#parts = parts;
  }

  /** Whether the pod was let in here: only then does it hold resources. */
  isAdmitted(podUid: string): boolean {
    return this.#admitted.has(podUid);
  }

  async sync(pod: Pod, signal: AbortSignal): Promise<PodSyncResult> {
    const { cache, environment, events, probes, runtime } = this.#parts;
    const { uid } = pod.metadata;
    const observed = await cache.get(uid);
    if (isOver(pod.status) && !isAlive(observed)) return { over: true };
    probes.sync(pod, observed);
    if (isOver(this.#report(pod, observed, {}))) return { over: true };
    const failure = this.#refusal(pod, observed) ?? deadlineFailure(pod, this.#parts.statuses.get(uid), Date.now());
    if (failure !== undefined) {
      events.warning(pod, failure.reason, failure.message.replace(/^Pod was rejected: /, ""));
      this.#report(pod, observed, { failure });
      return { over: true, failure };
    }
    const problem = pod.spec.hostNetwork === true ? undefined : this.#parts.networkProblem();
    if (problem !== undefined && !isAlive(observed)) {
      events.warning(pod, "NetworkNotReady", `network is not ready: ${problem}`);
      return { over: false, retryAfterMs: networkRetryMs };
    }
    try {
      await environment.prepare(pod, signal);
      const { retryAfterMs } = await runtime.sync(pod, observed, probes, signal);
      const after = await cache.get(uid);
      probes.sync(pod, after);
      const status = this.#report(pod, after, {});
      return { over: isOver(status), ...nextLook(pod, status, retryAfterMs) };
    } catch (err) {
      if (!signal.aborted) {
        if (err instanceof PodError) events.warning(pod, err.reason, err.message);
        if (!isCriUnavailable(err)) this.#report(pod, await cache.get(uid), {});
      }
      throw err;
    }
  }

  async syncTerminating(pod: Pod, failure: PodFailure | undefined, signal: AbortSignal): Promise<void> {
    const { cache, probes, runtime } = this.#parts;
    const { uid } = pod.metadata;
    const observed = await cache.inspect(uid);
    this.#report(pod, observed, failureOf(failure));
    probes.stopLiveness(uid);
    if (isAlive(observed)) {
      await runtime.kill(pod, observed, signal, failure?.graceSeconds ?? graceOfForgotten(pod, observed));
    }
    probes.remove(uid);
    const after = await cache.get(uid);
    if (isAlive(after))
      throw new Error(`Pod ${pod.metadata.namespace}/${pod.metadata.name} still has running containers`);
    this.#report(pod, after, { ended: true, ...failureOf(failure) });
  }

  async syncTerminated(pod: Pod, _failure: PodFailure | undefined, signal: AbortSignal): Promise<void> {
    const { environment, runtime } = this.#parts;
    const { uid } = pod.metadata;
    await environment.cleanup(uid, signal);
    runtime.forget(uid);
    this.#admitted.delete(uid);
  }

  async finished(pod: Pod, removed: boolean): Promise<void> {
    const { cache, environment, runtime, statuses } = this.#parts;
    const { uid } = pod.metadata;
    const apiPod = this.#parts.apiPod(pod);
    if (!removed && apiPod !== undefined) statuses.finish(apiPod);
    if (!removed) return;
    // Containers that ended stay for their logs as long as the API shows the pod.
    await runtime.remove(await cache.get(uid));
    await environment.removePodLogs(uid);
    await cache.inspect(uid);
    statuses.forget(uid);
    if (apiPod !== undefined) statuses.forget(apiPod.metadata.uid);
  }

  #refusal(pod: Pod, observed: ObservedPod): PodFailure | undefined {
    const { uid } = pod.metadata;
    // What already ran here was admitted by an earlier kubelet.
    if (this.#admitted.has(uid) || observed.sandboxes.length > 0 || (pod.status?.startTime ?? "") !== "") {
      this.#admitted.add(uid);
      return undefined;
    }
    const refusal = admitPod(pod, this.#parts.admission());
    if (refusal === undefined) this.#admitted.add(uid);
    return refusal;
  }

  #report(
    pod: Pod,
    observed: ObservedPod,
    how: { readonly ended?: boolean; readonly failure?: PodFailure },
  ): PodStatus {
    const { statuses, probes, waiting, hostIPs, runtimeName, apiPod } = this.#parts;
    const shown = apiPod(pod);
    const before = statuses.get(shown?.metadata.uid ?? pod.metadata.uid) ?? pod.status ?? {};
    const status = computePodStatus({
      pod,
      observed,
      before,
      probes,
      waiting,
      hostIPs,
      runtimeName: runtimeName(),
      nowMs: Date.now(),
      ended: how.ended ?? false,
      ...(how.failure === undefined ? {} : { failure: how.failure }),
    });
    if (shown !== undefined) statuses.set(shown, how.ended === true ? status : untilStopped(status, before, observed));
    return status;
  }
}

/** A final phase says that nothing runs any more (KEP-3329): while something does, the phase before it is shown. */
function untilStopped(status: PodStatus, before: PodStatus, observed: ObservedPod): PodStatus {
  if (!isOver(status) || isOver(before) || observed.containers.every(({ state }) => state === "exited")) return status;
  const { phase: _phase, reason: _reason, message: _message, ...rest } = status;
  const { phase = "Pending", reason, message } = before;
  return { ...rest, phase, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

const failureOf = (failure: PodFailure | undefined): { readonly failure?: PodFailure } =>
  failure === undefined ? {} : { failure };

export const isOver = (status: PodStatus | undefined): boolean =>
  status?.phase === "Succeeded" || status?.phase === "Failed";

/** A pod that vanished from the API without a deletion (forced) is ended with what its containers were started with. */
function graceOfForgotten(pod: Pod, observed: ObservedPod): number | undefined {
  if (pod.spec.containers.length > 0) return undefined;
  return observed.containers[0]?.terminationGracePeriodSeconds;
}

function deadlineMs(pod: Pod, status: PodStatus | undefined): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds;
  const startTime = status?.startTime ?? pod.status?.startTime;
  return seconds === undefined || startTime === undefined ? undefined : Date.parse(startTime) + seconds * 1000;
}

function deadlineFailure(pod: Pod, status: PodStatus | undefined, now: number): PodFailure | undefined {
  const at = deadlineMs(pod, status);
  if (at === undefined || now < at) return undefined;
  return { reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline" };
}

function nextLook(pod: Pod, status: PodStatus, retryAfterMs: number | undefined): { readonly retryAfterMs?: number } {
  const deadline = deadlineMs(pod, status);
  const waits = [retryAfterMs, deadline === undefined ? undefined : Math.max(0, deadline - Date.now()) + 10].filter(
    (wait) => wait !== undefined,
  );
  return waits.length === 0 ? {} : { retryAfterMs: Math.min(...waits) };
}
