import type { NewObject } from "#pkg/api/resource-ref.ts";
import type { Namespace } from "#pkg/api/types/core-v1.ts";
import type { PriorityClass } from "#pkg/api/types/scheduling-v1.ts";

export const DEFAULT_NAMESPACES: readonly NewObject<Namespace>[] = [
  "default",
  "kube-system",
  "kube-public",
  "kube-node-lease",
].map((name) => ({ metadata: { name }, spec: {} }));

export const SYSTEM_PRIORITY_CLASSES: readonly NewObject<PriorityClass>[] = [
  {
    metadata: { name: "system-cluster-critical" },
    value: 2_000_000_000,
    description: "Pods the cluster needs, which may move to another node.",
  },
  {
    metadata: { name: "system-node-critical" },
    value: 2_000_001_000,
    description: "Pods their node needs, which must stay on it.",
  },
];
