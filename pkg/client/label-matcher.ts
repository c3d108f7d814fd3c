import { selectorOf } from "#pkg/api/index.ts";
import type { LabelSelector } from "#pkg/api/types/meta-v1.ts";

/** The test a LabelSelector stands for, made once for many objects. Absent it matches nothing, empty everything. */
export function labelMatcher(
  selector: LabelSelector | undefined,
): (labels: Readonly<Record<string, string>> | undefined) => boolean {
  const compiled = selectorOf(selector);
  return (labels) => compiled.matches(labels);
}
