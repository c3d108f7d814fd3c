const KUBE_VERSION = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/;
const STAGES = ["alpha", "beta", undefined];

/**
 * Orders versions as clients should prefer them: v2, v1, v1beta2, v1beta1, v1alpha1, then whatever is no such version, by
 * name (CustomResourceDefinition documentation, "Version priority"). Negative when `a` comes first.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [KUBE_VERSION.exec(a), KUBE_VERSION.exec(b)];
  if (left === null || right === null) {
    if (left !== null) return -1;
    if (right !== null) return 1;
    return a < b ? -1 : a > b ? 1 : 0;
  }
  return (
    STAGES.indexOf(right[2]) - STAGES.indexOf(left[2]) ||
    Number(right[1]) - Number(left[1]) ||
    Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}
