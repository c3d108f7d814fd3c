/**
 * The scheduler's contracts. One pod at a time goes through a cycle, which is synchronous and therefore needs no copy
 * of the cluster; binding is asynchronous and many bindings are under way at once.
 *
 *   queue ─▶ prepare filters ─▶ filter nodes ─▶ score nodes ─▶ assume ─▶ (reserve ─▶ bind, asynchronous) ─▶ done
 *     ▲            └── no node ──▶ preempt ─▶ FailedScheduling                           │
 *     └────────────── backoff, or an event that may help ◀───────────────── failed ──────┘
 */
import type { NodeInfo } from "./node-info.ts";
import type { PodInfo } from "./pod-info.ts";

/** Why a node does not fit. */
export interface NodeFailure {
  /** In upstream's words; they are counted over nodes in FailedScheduling messages. */
  readonly reasons: readonly string[];
  /** True when removing pods from the node would not help. */
  readonly unresolvable: boolean;
}

/** A filter prepared for one pod. */
export interface NodeFilter {
  /** Undefined when the pod may run there. */
  check(node: NodeInfo): NodeFailure | undefined;
  /** What-if: `pod` is (no longer) on `node`. Only for filters that count pods beyond the checked node. */
  addPod?(pod: PodInfo, node: NodeInfo): void;
  removePod?(pod: PodInfo, node: NodeInfo): void;
}

/** What a filter plugin says before it sees nodes. */
export type Preparation =
  /** Nothing to check for this pod. */
  | undefined
  /** No node will do. */
  | { readonly rejected: string; readonly unresolvable: boolean }
  /** `only` names the nodes that can pass at all, where that is known. */
  | { readonly filter: NodeFilter; readonly only?: ReadonlySet<string> };

export interface FilterPlugin {
  readonly name: string;
  prepareFilter(pod: PodInfo): Preparation;
  /** The kinds of events after which a pod that this plugin rejected may fit. */
  readonly retryOn: readonly ClusterEvent[];
}

/** A score prepared for one pod. Scores are 0 to 100 after `normalize`, more is better. */
export interface NodeScore {
  score(node: NodeInfo): number;
  /** Brings raw scores of all nodes into range, in place. */
  normalize?(scores: number[], nodes: readonly NodeInfo[]): void;
}

export interface ScorePlugin {
  readonly name: string;
  readonly weight: number;
  /** `nodes` passed the filters. Undefined when all are equal to this plugin. */
  prepareScore(pod: PodInfo, nodes: readonly NodeInfo[]): NodeScore | undefined;
}

/** Work that must be done for a pod on its node before it is bound there. */
export interface PreBindPlugin {
  readonly name: string;
  /** Undefined when there is nothing to do. */
  preBind(pod: PodInfo, nodeName: string, signal: AbortSignal): Promise<void> | undefined;
}

export interface Plugins {
  readonly filters: readonly FilterPlugin[];
  readonly scores: readonly ScorePlugin[];
  readonly preBinds: readonly PreBindPlugin[];
}

/** Changes of the cluster that may make room for pods. */
export type ClusterEvent =
  | "NodeAdd"
  | "NodeAllocatable"
  | "NodeLabel"
  | "NodeTaint"
  | "AssignedPodAdd"
  | "AssignedPodDelete"
  | "AssignedPodLabel"
  | "AssignedPodScaledDown"
  | "Volume"
  | "Namespace";

export const MAX_SCORE = 100;
