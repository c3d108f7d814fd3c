import { tolerates as accepts } from "#pkg/api/core/tolerations.ts";
import type { Taint, Toleration } from "#pkg/api/types/core-v1.ts";

/** True when one of the tolerations accepts the taint. */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return tolerations?.some((toleration) => accepts(toleration, taint)) ?? false;
}
