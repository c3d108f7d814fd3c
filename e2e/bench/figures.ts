// What is measured, and what it is compared with.

export type FigureKey =
  | "create32"
  | "create1"
  | "get32"
  | "update32"
  | "patch32"
  | "apply32"
  | "applyCost"
  | "delete32"
  | "list"
  | "listSelector"
  | "listPods"
  | "watchP50"
  | "watchP99"
  | "watchRate"
  | "schedule"
  | "podP50"
  | "podP99"
  | "podBurst"
  | "namespaceDelete"
  | "crdsEstablished"
  | "crdsBeside"
  | "crdsGone"
  | "readyz"
  | "nodeReady"
  | "readyzAgain"
  | "nodeReadyAgain"
  | "memory"
  | "idleCpu";

export type Unit = "/s" | "ms" | "s" | "MB" | "MB/s" | "%" | "x";

export interface Figure {
  readonly key: FigureKey;
  readonly title: string;
  readonly unit: Unit;
  /** Which way is better. */
  readonly better: "more" | "less";
  /** Kubernetes' own; the middle where a range was measured. Absent where nobody measured it. */
  readonly upstream?: number;
  /** What minik must reach: so many times upstream's figure, or a value of its own. */
  readonly goal?: { readonly times: number } | { readonly value: number };
}

/**
 * The column "Upstream there" comes from a machine of the test machines' kind (2 cores, quiet): Kubernetes 1.36.2 with
 * etcd 3.5.30, client limits of scheduler and controllers lifted. A second endpoint (--kubeconfig) measures it anew.
 */
export const FIGURES: readonly Figure[] = [
  { key: "readyz", title: "first start to /readyz", unit: "s", better: "less", upstream: 2.5, goal: { value: 0.5 } },
  { key: "nodeReady", title: "first start to node Ready", unit: "s", better: "less", upstream: 5, goal: { value: 2 } },
  { key: "readyzAgain", title: "restart to /readyz", unit: "s", better: "less" },
  { key: "nodeReadyAgain", title: "restart to the node's heartbeat", unit: "s", better: "less" },
  { key: "memory", title: "idle, resident memory", unit: "MB", better: "less", upstream: 585, goal: { value: 150 } },
  { key: "idleCpu", title: "idle, part of a core", unit: "%", better: "less", upstream: 3.3, goal: { value: 1 } },
  { key: "create32", title: "create, 32 at once", unit: "/s", better: "more", upstream: 2_000, goal: { times: 4 } },
  { key: "create1", title: "create, one at a time", unit: "/s", better: "more", upstream: 690, goal: { times: 3 } },
  { key: "get32", title: "get, 32 at once", unit: "/s", better: "more", upstream: 5_100, goal: { times: 3 } },
  { key: "update32", title: "update, 32 at once", unit: "/s", better: "more", upstream: 1_650, goal: { times: 4 } },
  { key: "patch32", title: "merge patch, 32 at once", unit: "/s", better: "more", upstream: 1_700, goal: { times: 4 } },
  { key: "apply32", title: "server-side apply, 32 at once", unit: "/s", better: "more" },
  { key: "applyCost", title: "its cost beside a merge patch", unit: "x", better: "less", goal: { value: 2 } },
  { key: "delete32", title: "delete, 32 at once", unit: "/s", better: "more", upstream: 2_150, goal: { times: 3 } },
  { key: "list", title: "list 3,000 (4.9 MB)", unit: "ms", better: "less", upstream: 50, goal: { times: 1 / 4 } },
  {
    key: "listSelector",
    title: "the same, selector takes a tenth",
    unit: "ms",
    better: "less",
    upstream: 6.6,
    goal: { times: 1 / 2 },
  },
  { key: "listPods", title: "list 10,000 pods", unit: "MB/s", better: "more", goal: { value: 200 } },
  {
    key: "watchP50",
    title: "create to last of 50 watchers, p50",
    unit: "ms",
    better: "less",
    upstream: 2.5,
    goal: { times: 1 / 2 },
  },
  {
    key: "watchP99",
    title: "create to last of 50 watchers, p99",
    unit: "ms",
    better: "less",
    upstream: 4.7,
    goal: { times: 1 / 2 },
  },
  {
    key: "watchRate",
    title: "events delivered, 50 watchers",
    unit: "/s",
    better: "more",
    upstream: 25_000,
    goal: { times: 3 },
  },
  {
    key: "schedule",
    title: "1,000 pods on 100 nodes, bound",
    unit: "/s",
    better: "more",
    upstream: 585,
    goal: { times: 3 },
  },
  {
    key: "podP50",
    title: "one pod, create to Running, p50",
    unit: "ms",
    better: "less",
    upstream: 470,
    goal: { value: 200 },
  },
  { key: "podP99", title: "one pod, create to Running, p99", unit: "ms", better: "less", upstream: 620 },
  {
    key: "podBurst",
    title: "30 pods at once, all Running",
    unit: "s",
    better: "less",
    upstream: 3.3,
    goal: { value: 2 },
  },
  {
    key: "namespaceDelete",
    title: "namespace with 40 pods deleted",
    unit: "s",
    better: "less",
    upstream: 6,
    goal: { value: 2 },
  },
  { key: "crdsEstablished", title: "500 CRDs, created to Established", unit: "s", better: "less", goal: { value: 5 } },
  { key: "crdsBeside", title: "create and get beside them", unit: "x", better: "less", goal: { value: 1.5 } },
  { key: "crdsGone", title: "their end, with 5,000 objects", unit: "s", better: "less" },
];

/** The value that must be reached. */
export function goalOf(figure: Figure): number | undefined {
  const { goal, upstream } = figure;
  if (goal === undefined) return undefined;
  if ("value" in goal) return goal.value;
  return upstream === undefined ? undefined : upstream * goal.times;
}
