import type { Container, Pod } from "#pkg/api/types/core-v1.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { PodEvents } from "../pod-events.ts";
import { type ObservedContainer, type ObservedPod, podIPsOf } from "../runtime/observed-pod.ts";
import type { ProbeVerdicts } from "../runtime/pod-actions.ts";
import { isSidecar } from "../runtime/restart-policy.ts";
import type { Readiness } from "../status/pod-status.ts";
import type { Prober } from "./prober.ts";
import { type ProbeKind, ProbeWorker } from "./probe-worker.ts";

interface Probed {
  readonly container: Container;
  readonly stop: AbortController;
  readonly workers: Map<ProbeKind, ProbeWorker>;
  readonly verdicts: Map<ProbeKind, boolean>;
}

interface ProbedPod {
  pod: Pod;
  podIP: string;
  /** By container id. */
  readonly containers: Map<string, Probed>;
}

const kinds: readonly (readonly [ProbeKind, "livenessProbe" | "readinessProbe" | "startupProbe"])[] = [
  ["startup", "startupProbe"],
  ["liveness", "livenessProbe"],
  ["readiness", "readinessProbe"],
];

/** Probes every running container instance that has probes, and holds their verdicts. */
export class ProbeManager implements ProbeVerdicts, Readiness {
  readonly #prober: Prober;
  readonly #events: PodEvents;
  readonly #changed: (podUid: string) => void;
  readonly #hostIPs: readonly string[];
  readonly #log: Logger;
  readonly #pods = new Map<string, ProbedPod>();
  readonly #byContainer = new Map<string, Probed>();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: {
    readonly prober: Prober;
    readonly events: PodEvents;
    /** Told each time a verdict changes. */
    readonly changed: (podUid: string) => void;
    readonly hostIPs: readonly string[];
    readonly log: Logger;
  }) {
    this.#prober = parts.prober;
    this.#events = parts.events;
    this.#changed = parts.changed;
    this.#hostIPs = parts.hostIPs;
    this.#log = parts.log;
  }

  /** Begins probing instances that run and ends it for those that do not. */
  sync(pod: Pod, observed: ObservedPod): void {
    const { uid } = pod.metadata;
    let entry = this.#pods.get(uid);
    if (entry === undefined) this.#pods.set(uid, (entry = { pod, podIP: "", containers: new Map() }));
    entry.pod = pod;
    entry.podIP = (pod.spec.hostNetwork === true ? this.#hostIPs[0] : podIPsOf(observed)[0]) ?? "";
    const running = observed.containers.filter(({ state }) => state === "running");
    for (const [id, probed] of entry.containers) {
      if (!running.some((instance) => instance.id === id)) this.#end(entry, id, probed);
    }
    for (const container of [...(pod.spec.initContainers ?? []).filter(isSidecar), ...pod.spec.containers]) {
      const instance = running.find(({ name }) => name === container.name);
      if (instance !== undefined && !entry.containers.has(instance.id)) this.#begin(entry, container, instance);
    }
  }

  /** A pod that is ending is not killed by its probes any more; readiness is still found out (as upstream). */
  stopLiveness(podUid: string): void {
    for (const { verdicts, workers } of this.#pods.get(podUid)?.containers.values() ?? []) {
      for (const kind of ["liveness", "startup"] as const) {
        workers.delete(kind);
        verdicts.delete(kind);
      }
    }
  }

  remove(podUid: string): void {
    const entry = this.#pods.get(podUid);
    if (entry === undefined) return;
    for (const [id, probed] of entry.containers) this.#end(entry, id, probed);
    this.#pods.delete(podUid);
  }

  /** Ends all probing. */
  async close(): Promise<void> {
    for (const uid of this.#pods.keys()) this.remove(uid);
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  failed(containerId: string): "liveness" | "startup" | undefined {
    const verdicts = this.#byContainer.get(containerId)?.verdicts;
    if (verdicts?.get("startup") === false) return "startup";
    return verdicts?.get("liveness") === false ? "liveness" : undefined;
  }

  started(containerId: string): boolean {
    const probed = this.#byContainer.get(containerId);
    if (probed?.container.startupProbe === undefined) return true;
    return probed.verdicts.get("startup") === true;
  }

  ready(containerId: string): boolean {
    const probed = this.#byContainer.get(containerId);
    if (probed?.container.readinessProbe === undefined) return true;
    return probed.verdicts.get("readiness") === true;
  }

  #begin(entry: ProbedPod, container: Container, instance: ObservedContainer): void {
    const probed: Probed = {
      container,
      stop: new AbortController(),
      workers: new Map(),
      verdicts: new Map(),
    };
    adoptVerdicts(entry.pod, instance, probed);
    entry.containers.set(instance.id, probed);
    this.#byContainer.set(instance.id, probed);
    for (const [kind, field] of kinds) {
      const probe = container[field];
      if (probe === undefined || (kind === "startup" && probed.verdicts.get("startup") === true)) continue;
      const worker = new ProbeWorker({
        kind,
        probe,
        subject: () => ({ pod: entry.pod, container, containerId: instance.id, podIP: entry.podIP }),
        startedAtMs: (instance.status.startedAt ?? 0) / 1e6,
        mayRun: () => kind === "startup" || this.started(instance.id),
        prober: this.#prober,
        events: this.#events,
        report: (passed) => {
          if (probed.stop.signal.aborted || !probed.workers.has(kind)) return;
          probed.verdicts.set(kind, passed);
          if (kind === "startup") for (const other of probed.workers.values()) other.wake();
          this.#changed(entry.pod.metadata.uid);
        },
        log: this.#log,
      });
      probed.workers.set(kind, worker);
      const running = worker.start(probed.stop.signal).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  #end(entry: ProbedPod, id: string, probed: Probed): void {
    probed.stop.abort();
    entry.containers.delete(id);
    this.#byContainer.delete(id);
  }
}

/** An instance that was ready before this kubelet started is ready until a probe says otherwise. */
function adoptVerdicts(pod: Pod, instance: ObservedContainer, probed: Probed): void {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  const status = [...containerStatuses, ...initContainerStatuses].find(
    ({ containerID }) => containerID?.endsWith(`//${instance.id}`) === true,
  );
  if (status?.started === true) probed.verdicts.set("startup", true);
  if (status?.ready === true) probed.verdicts.set("readiness", true);
}
