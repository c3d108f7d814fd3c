import type { ManagedFieldsEntry } from "#pkg/api/types/meta-v1.ts";
import { isSameValue } from "./compare.ts";

/** Whether two lists of managers differ in their times alone: such a write is none. */
export function isSameIgnoringTimes(
  a: readonly ManagedFieldsEntry[] | undefined,
  b: readonly ManagedFieldsEntry[] | undefined,
): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((entry, i) => {
    const other = b[i] as ManagedFieldsEntry;
    return entry === other || isSameValue({ ...entry, time: "" }, { ...other, time: "" });
  });
}
