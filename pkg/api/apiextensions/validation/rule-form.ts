import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import type { Schema } from "../../schema/schema.ts";
import type { ValidationRule } from "../../types/apiextensions-v1.ts";
import { FieldPathError, readFieldPath } from "../schema/field-path.ts";

const REASONS = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];
const hasNewlines = (text: string): boolean => /[\n\r]/.test(text);

/** All of one of x-kubernetes-validations besides its expressions. */
export function checkRuleForm(errors: FieldError[], rule: ValidationRule, schema: Schema, path: string): void {
  const { message = "", messageExpression = "", reason, fieldPath = "" } = rule;
  const text = (rule.rule ?? "").trim();
  if (text === "") errors.push(fieldError.required(`${path}.rule`, "rule is not specified"));
  else if (message !== "" && message.trim() === "")
    errors.push(fieldError.invalid(`${path}.message`, message, "message must be non-empty if specified"));
  else if (hasNewlines(message.trim()))
    errors.push(fieldError.invalid(`${path}.message`, message, "message must not contain line breaks"));
  else if (hasNewlines(text) && message.trim() === "")
    errors.push(fieldError.required(`${path}.message`, "message must be specified if rule contains line breaks"));
  if (messageExpression !== "" && messageExpression.trim() === "")
    errors.push(fieldError.required(`${path}.messageExpression`, "messageExpression must be non-empty if specified"));
  if (reason !== undefined && !REASONS.includes(reason))
    errors.push(fieldError.notSupported(`${path}.reason`, reason, REASONS));
  if (fieldPath === "") return;
  const invalid = (why: string): number => errors.push(fieldError.invalid(`${path}.fieldPath`, fieldPath, why));
  if (fieldPath.trim() === "") invalid("fieldPath must be non-empty if specified");
  if (hasNewlines(fieldPath)) invalid("fieldPath must not contain line breaks");
  try {
    readFieldPath(fieldPath, schema, { arrayNotation: true });
  } catch (err) {
    if (!(err instanceof FieldPathError)) throw err;
    invalid("fieldPath must be a valid path");
  }
}
