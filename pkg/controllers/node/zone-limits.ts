import type { Node } from "#pkg/api/types/core-v1.ts";
import { readyStatus } from "./taints.ts";

// Upstream's defaults: --node-eviction-rate, --secondary-node-eviction-rate, --unhealthy-zone-threshold,
// --large-cluster-size-threshold.
const RATE = 0.1;
const SECONDARY_RATE = 0.01;
const UNHEALTHY = 0.55;
const LARGE_ZONE = 50;

export function zoneOf(node: Node): string {
  const labels = node.metadata.labels ?? {};
  return `${labels["topology.kubernetes.io/region"] ?? ""}/${labels["topology.kubernetes.io/zone"] ?? ""}`;
}

/**
 * How many nodes a second may be tainted NoExecute, per zone. When every node of the cluster seems dead, it is rather we
 * who are cut off: `stopped`, and nothing is evicted.
 */
export function zoneRates(nodes: readonly Node[]): {
  readonly stopped: boolean;
  readonly rates: ReadonlyMap<string, number>;
} {
  const zones = new Map<string, { ready: number; notReady: number }>();
  for (const node of nodes) {
    const zone = zoneOf(node);
    const count = zones.get(zone) ?? { ready: 0, notReady: 0 };
    zones.set(zone, count);
    if (readyStatus(node) === "True") count.ready++;
    else count.notReady++;
  }
  const stopped = zones.size > 0 && [...zones.values()].every(({ ready, notReady }) => ready === 0 && notReady > 0);
  const rates = new Map<string, number>();
  for (const [zone, { ready, notReady }] of zones) {
    const size = ready + notReady;
    const partial = ready > 0 && notReady > 2 && notReady / size >= UNHEALTHY;
    rates.set(zone, partial ? (size > LARGE_ZONE ? SECONDARY_RATE : 0) : RATE);
  }
  return { stopped, rates };
}

/** A bucket of one token per zone. */
export class ZoneLimiter {
  readonly #next = new Map<string, number>();

  isOpen(zone: string, rate: number, now: number): boolean {
    return rate > 0 && now >= (this.#next.get(zone) ?? 0);
  }

  /** A node of the zone was tainted. */
  take(zone: string, rate: number, now: number): void {
    this.#next.set(zone, now + 1000 / rate);
  }
}
