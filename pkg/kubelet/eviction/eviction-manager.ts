import type { Pod } from "#pkg/api/types/core-v1.ts";
import { isAbort, sleep } from "#pkg/async/index.ts";
import type { Logger } from "#pkg/log/index.ts";
import type { PodEvents } from "../pod-events.ts";
import type { PodFailure } from "../pod-workers.ts";
import { rankForEviction, type Resource } from "./eviction-rank.ts";

/** What the machine has left, and what pods use. */
export interface EvictionReading {
  readonly memoryAvailableBytes: number;
  readonly diskAvailableBytes: number;
  readonly diskCapacityBytes: number;
  readonly inodesFree: number;
  readonly inodes: number;
  readonly pods: readonly {
    readonly uid: string;
    readonly containers: readonly { readonly workingSetBytes: number; readonly diskBytes: number }[];
  }[];
}

/** Upstream's hard thresholds. */
const memoryBytes = 100 * 1024 * 1024;
const diskShare = 0.1;
const inodeShare = 0.05;
const checkMs = 10_000;
/** A pressure condition stays this long after the last time it was met, so that pods do not come back at once. */
const transitionMs = 5 * 60_000;
/** Hard evictions leave pods one second. */
const graceSeconds = 1;

interface Signal {
  readonly resource: Resource;
  readonly quantity: string;
  readonly available: (reading: EvictionReading) => string;
  readonly isLow: (reading: EvictionReading) => boolean;
}

const signals: readonly Signal[] = [
  {
    resource: "memory",
    quantity: "100Mi",
    available: (reading) => `${Math.floor(reading.memoryAvailableBytes / 1024)}Ki`,
    isLow: (reading) => reading.memoryAvailableBytes < memoryBytes,
  },
  {
    resource: "ephemeral-storage",
    quantity: "10%",
    available: (reading) => `${Math.floor(reading.diskAvailableBytes / 1024)}Ki`,
    isLow: (reading) =>
      reading.diskAvailableBytes < reading.diskCapacityBytes * diskShare ||
      (reading.inodes > 0 && reading.inodesFree < reading.inodes * inodeShare),
  },
];

/** Ends pods, one at a time, while the machine runs out of memory or disk. */
export class EvictionManager {
  readonly #read: () => Promise<EvictionReading>;
  readonly #active: () => readonly Pod[];
  readonly #evict: (pod: Pod, failure: PodFailure) => void;
  /** Frees disk that no pod needs; tried before any pod is ended. */
  readonly #reclaimDisk: () => Promise<void>;
  readonly #changed: () => void;
  readonly #events: PodEvents;
  readonly #log: Logger;
  readonly #metAt = new Map<Resource, number>();

  constructor(parts: {
    readonly read: () => Promise<EvictionReading>;
    readonly active: () => readonly Pod[];
    readonly evict: (pod: Pod, failure: PodFailure) => void;
    readonly reclaimDisk: () => Promise<void>;
    /** A pressure came or went. */
    readonly changed: () => void;
    readonly events: PodEvents;
    readonly log: Logger;
  }) {
    this.#read = parts.read;
    this.#active = parts.active;
    this.#evict = parts.evict;
    this.#reclaimDisk = parts.reclaimDisk;
    this.#changed = parts.changed;
    this.#events = parts.events;
    this.#log = parts.log;
  }

  isUnderPressure(resource: Resource): boolean {
    return this.#metAt.has(resource);
  }

  /** Looks every ten seconds until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.check(Date.now()).catch((err: unknown) => {
        this.#log.debug("pressure not measured", { reason: (err as Error).message });
      });
      await sleep(checkMs, signal).catch((err: unknown) => {
        if (!isAbort(err)) throw err;
      });
    }
  }

  async check(nowMs: number): Promise<void> {
    const reading = await this.#read();
    for (const pressure of signals) {
      const before = this.isUnderPressure(pressure.resource);
      if (pressure.isLow(reading)) {
        this.#metAt.set(pressure.resource, nowMs);
        await this.#relieve(pressure, reading);
      } else if (nowMs - (this.#metAt.get(pressure.resource) ?? 0) > transitionMs) {
        this.#metAt.delete(pressure.resource);
      }
      if (before !== this.isUnderPressure(pressure.resource)) this.#changed();
    }
  }

  async #relieve(pressure: Signal, reading: EvictionReading): Promise<void> {
    const { resource } = pressure;
    if (resource === "ephemeral-storage") {
      await this.#reclaimDisk();
      if (!pressure.isLow(await this.#read())) return;
    }
    const usage = new Map(reading.pods.map(({ uid, containers }) => [uid, containers]));
    const ranked = rankForEviction(
      this.#active().map((pod) => {
        const containers = usage.get(pod.metadata.uid) ?? [];
        const bytes = containers.map((c) => (resource === "memory" ? c.workingSetBytes : c.diskBytes));
        return { pod, usedBytes: bytes.reduce((sum, used) => sum + used, 0) };
      }),
      resource,
    );
    const [first] = ranked;
    if (first === undefined) return;
    const message = `The node was low on resource: ${resource}. Threshold quantity: ${pressure.quantity}, available: ${pressure.available(reading)}. `;
    this.#events.warning(first.pod, "Evicted", message);
    this.#log.warn("pod evicted", { pod: `${first.pod.metadata.namespace}/${first.pod.metadata.name}`, resource });
    this.#evict(first.pod, { reason: "Evicted", message, graceSeconds, isDisruption: true });
  }
}
