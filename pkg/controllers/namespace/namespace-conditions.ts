import type { NamespaceCondition } from "#pkg/api/types/core-v1.ts";
import { timestamp } from "../objects/index.ts";

/** What a pass over a namespace's content found. Counts are per resource ("pods.") and per finalizer. */
export interface DeletionReport {
  readonly discoveryFailures: ReadonlyMap<string, string>;
  readonly deleteErrors: readonly string[];
  readonly remaining: ReadonlyMap<string, number>;
  readonly finalizers: ReadonlyMap<string, number>;
}

/** The namespace's conditions after a pass: each is False ("nothing wrong") or says what still stands in the way. */
export function deletionConditions(
  current: readonly NamespaceCondition[] | undefined,
  report: DeletionReport,
  now: number,
): NamespaceCondition[] {
  const failures = [...report.discoveryFailures].map(([gv, why]) => `${gv}: ${why}`).toSorted();
  const resources = [...report.remaining].map(([r, n]) => `${r} has ${n} resource instances`).toSorted();
  const finalizers = [...report.finalizers].map(([f, n]) => `${f} in ${n} resource instances`).toSorted();
  const wanted: [string, boolean, string, string][] = [
    [
      "NamespaceDeletionDiscoveryFailure",
      failures.length > 0,
      failures.length > 0 ? "DiscoveryFailed" : "ResourcesDiscovered",
      failures.length > 0
        ? `Discovery failed for some groups, ${failures.length} failing: ${failures.join(", ")}`
        : "All resources successfully discovered",
    ],
    [
      "NamespaceDeletionGroupVersionParsingFailure",
      false,
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ],
    [
      "NamespaceDeletionContentFailure",
      report.deleteErrors.length > 0,
      report.deleteErrors.length > 0 ? "ContentDeletionFailed" : "ContentDeleted",
      report.deleteErrors.length > 0
        ? `Failed to delete all resource types, ${report.deleteErrors.length} remaining: ${report.deleteErrors.toSorted().join(", ")}`
        : "All content successfully deleted, may be waiting on finalization",
    ],
    [
      "NamespaceContentRemaining",
      resources.length > 0,
      resources.length > 0 ? "SomeResourcesRemain" : "ContentRemoved",
      resources.length > 0
        ? `Some resources are remaining: ${resources.join(", ")}`
        : "All content successfully removed",
    ],
    [
      "NamespaceFinalizersRemaining",
      finalizers.length > 0,
      finalizers.length > 0 ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
      finalizers.length > 0
        ? `Some content in the namespace has finalizers remaining: ${finalizers.join(", ")}`
        : "All content-preserving finalizers finished",
    ],
  ];
  return wanted.map(([type, bad, reason, message]): NamespaceCondition => {
    const status = bad ? "True" : "False";
    const before = current?.find((c) => c.type === type);
    const since = before?.status === status ? before.lastTransitionTime : undefined;
    return { type, status, reason, message, lastTransitionTime: since ?? timestamp(now) };
  });
}
