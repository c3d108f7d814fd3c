import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, type Errors } from "../field-checks.ts";
import { checkQualifiedName } from "../names.ts";
import type { MatchCondition } from "../types/admissionregistration-v1.ts";
import type * as Expressions from "./expressions.ts";

const MAX_CONDITIONS = 64;

/** Conditions of webhooks and policies. Policies with parameters have `params`. */
export function checkMatchConditions(
  errors: Errors,
  at: string,
  conditions: readonly MatchCondition[] | undefined,
  params: boolean,
  expressions: typeof Expressions,
): void {
  if (conditions === undefined) return;
  if (conditions.length > MAX_CONDITIONS) errors.push(fieldError.tooMany(at, conditions.length, MAX_CONDITIONS));
  const compiler = new expressions.ExpressionCompiler({ params, authorizer: true });
  const names = new Set<string>();
  // Too many are not compiled: that takes time.
  for (const [i, { name, expression }] of conditions.slice(0, MAX_CONDITIONS).entries()) {
    const trimmed = expression?.trim() ?? "";
    if (trimmed === "") errors.push(fieldError.required(`${at}[${i}].expression`));
    else {
      const compiled = compiler.compile(trimmed, expressions.BOOL);
      if (compiled.error !== undefined)
        errors.push(fieldError.invalid(`${at}[${i}].expression`, trimmed, compiled.error));
    }
    if (!name) errors.push(fieldError.required(`${at}[${i}].name`));
    else addInvalid(errors, `${at}[${i}].name`, name, checkQualifiedName(name));
    if (names.has(name)) errors.push(fieldError.duplicate(`${at}[${i}].name`, name));
    if (name) names.add(name);
  }
}
