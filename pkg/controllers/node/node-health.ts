import type { Node, NodeCondition } from "#pkg/api/types/core-v1.ts";
import type { Lease } from "#pkg/api/types/coordination-v1.ts";
import { findCondition, timestamp } from "../objects/index.ts";

const CONDITIONS = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"] as const;

export interface HealthOptions {
  /** Silence after which a node is Unknown (upstream's --node-monitor-grace-period). */
  readonly gracePeriodMs: number;
  /** The same for nodes that never posted a status (--node-startup-grace-period). */
  readonly startupGracePeriodMs: number;
}

interface Seen {
  heartbeat: string | undefined;
  renewTime: string | undefined;
  /** By our own clock: the node's may be wrong. */
  at: number;
}

/** When each node last gave a sign of life: a renewed lease or a newer status. */
export class NodeHealth {
  readonly #seen = new Map<string, Seen>();
  readonly #options: HealthOptions;

  constructor(options: HealthOptions) {
    this.#options = options;
  }

  forget(node: string): void {
    this.#seen.delete(node);
  }

  isSilent(node: Node, lease: Lease | undefined, now: number): boolean {
    const ready = findCondition(node.status?.conditions, "Ready");
    const heartbeat = ready?.lastHeartbeatTime;
    const renewTime = lease?.spec.renewTime;
    let seen = this.#seen.get(node.metadata.name);
    if (seen === undefined) {
      const at = ready === undefined ? Date.parse(node.metadata.creationTimestamp) : now;
      this.#seen.set(node.metadata.name, (seen = { heartbeat, renewTime, at }));
    } else if (seen.heartbeat !== heartbeat || seen.renewTime !== renewTime) {
      Object.assign(seen, { heartbeat, renewTime, at: now });
    }
    const grace = ready === undefined ? this.#options.startupGracePeriodMs : this.#options.gracePeriodMs;
    return now > seen.at + grace;
  }
}

/** The conditions of a node that fell silent: everything its kubelet reports becomes Unknown. */
export function silentConditions(node: Node, now: number): readonly NodeCondition[] {
  const conditions = [...(node.status?.conditions ?? [])];
  for (const type of CONDITIONS) {
    const index = conditions.findIndex((c) => c.type === type);
    const current = conditions[index];
    if (current === undefined) {
      conditions.push({
        type,
        status: "Unknown",
        reason: "NodeStatusNeverUpdated",
        message: "Kubelet never posted node status.",
        lastHeartbeatTime: node.metadata.creationTimestamp,
        lastTransitionTime: timestamp(now),
      });
    } else if (current.status !== "Unknown") {
      conditions[index] = {
        ...current,
        status: "Unknown",
        reason: "NodeStatusUnknown",
        message: "Kubelet stopped posting node status.",
        lastTransitionTime: timestamp(now),
      };
    }
  }
  return conditions;
}
