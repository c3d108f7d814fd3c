import type { NodeFailure } from "./types.ts";

/** What a cycle that found no node learned. */
export interface Diagnosis {
  readonly nodeCount: number;
  /** Why each node that was looked at does not fit. */
  readonly failures: ReadonlyMap<string, { readonly plugin: string; readonly failure: NodeFailure }>;
  /** Nodes that a plugin ruled out before they were looked at. */
  readonly skipped: { readonly count: number; readonly reason: string } | undefined;
  /** Set when a plugin rejected the pod whatever the node. */
  readonly rejected: string | undefined;
  readonly rejectedBy: ReadonlySet<string>;
}

/**
 * The text of FailedScheduling events and PodScheduled conditions (upstream's FitError):
 * "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable."
 */
export function describeFailure(diagnosis: Diagnosis): string {
  const { nodeCount, failures, skipped, rejected } = diagnosis;
  if (nodeCount === 0) return "no nodes available to schedule pods";
  if (rejected !== undefined) return summarize(nodeCount, [rejected]);
  const counts = new Map<string, number>();
  const count = (reason: string, times: number): void => void counts.set(reason, (counts.get(reason) ?? 0) + times);
  for (const { failure } of failures.values()) for (const reason of failure.reasons) count(reason, 1);
  if (skipped !== undefined) count(skipped.reason, skipped.count);
  return summarize(nodeCount, countedReasons(counts));
}

/** "2 Insufficient cpu", sorted as text as upstream does. */
export function countedReasons(counts: ReadonlyMap<string, number>): string[] {
  return [...counts].map(([reason, times]) => `${times} ${reason}`).sort((a, b) => (a < b ? -1 : 1));
}

export function summarize(nodeCount: number, reasons: readonly string[]): string {
  const said = reasons.length === 0 ? "" : ` ${reasons.join(", ")}.`;
  return `0/${nodeCount} nodes are available:${said}`;
}
