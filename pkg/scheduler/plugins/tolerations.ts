import type { Taint, Toleration } from "#pkg/api/types/core-v1.ts";

/** True when one of the tolerations accepts the taint. Absent parts of a toleration accept anything. */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return tolerations?.some((toleration) => accepts(toleration, taint)) ?? false;
}

function accepts({ key = "", operator = "Equal", value = "", effect = "" }: Toleration, taint: Taint): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return operator === "Equal" && key !== "" && value === (taint.value ?? "");
}
