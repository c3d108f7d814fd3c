/** Whether `labels` hold every pair of `wanted` (a Service's map selector). */
export function labelsInclude(
  labels: Readonly<Record<string, string>> | undefined,
  wanted: Readonly<Record<string, string>>,
): boolean {
  for (const key in wanted) if (labels?.[key] !== wanted[key]) return false;
  return true;
}

/** Whether two label maps hold the same pairs. */
export function sameLabels(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>> | undefined,
): boolean {
  return a === b || (labelsInclude(a, b ?? {}) && labelsInclude(b, a ?? {}));
}
