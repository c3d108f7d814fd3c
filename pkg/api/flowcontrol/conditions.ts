import { fieldError } from "#pkg/errors/index.ts";
import type { Errors } from "../field-checks.ts";

/** Conditions of this group's kinds: each of a type, no type twice. */
export function checkConditions(errors: Errors, conditions: readonly { readonly type?: string }[] | undefined): void {
  const seen = new Set<string>();
  for (const [i, { type = "" }] of (conditions ?? []).entries()) {
    const path = `status.conditions[${i}].type`;
    if (seen.has(type)) errors.push(fieldError.duplicate(path, type));
    seen.add(type);
    if (type === "") errors.push(fieldError.required(path, "must not be empty"));
  }
}
