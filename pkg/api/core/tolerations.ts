import type { Taint, Toleration } from "../types/core-v1.ts";

/** Whether the toleration accepts the taint. Absent parts of a toleration accept anything. */
export function tolerates({ key = "", operator = "", value = "", effect = "" }: Toleration, taint: Taint): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return (operator === "" || operator === "Equal") && key !== "" && value === (taint.value ?? "");
}
