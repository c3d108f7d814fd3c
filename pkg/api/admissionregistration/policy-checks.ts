import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkLabelSelector, type Errors } from "../field-checks.ts";
import { checkDns1035Label, checkDnsSubdomain, checkPathSegment } from "../names.ts";
import type { ParamKind, ParamRef, Variable } from "../types/admissionregistration-v1.ts";
import type * as Expressions from "./expressions.ts";

const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/;
const RESERVED = new Set(
  "true false null in as break const continue else for function if import let loop package namespace return var void while".split(
    " ",
  ),
);
export const FAILURE_POLICIES = ["Fail", "Ignore"];

/** An expression that must be there and compile. */
export function checkCompiled(errors: Errors, at: string, expression: string, error: string | undefined): void {
  if (error !== undefined) errors.push(fieldError.invalid(at, expression, error));
}

export function checkVariables(
  errors: Errors,
  at: string,
  variables: readonly Variable[] | undefined,
  compiler: Expressions.ExpressionCompiler,
): void {
  for (const [i, variable] of (variables ?? []).entries()) {
    const path = `${at}[${i}]`;
    if (!variable.name?.trim()) errors.push(fieldError.required(`${path}.name`, "name is not specified"));
    else if (!IDENTIFIER.test(variable.name) || RESERVED.has(variable.name))
      errors.push(fieldError.invalid(`${path}.name`, variable.name, "name is not a valid CEL identifier"));
    if (!variable.expression?.trim())
      errors.push(fieldError.required(`${path}.expression`, "expression is not specified"));
    else checkCompiled(errors, `${path}.expression`, variable.expression, compiler.addVariable(variable).error);
  }
}

export function checkParamKind(errors: Errors, at: string, paramKind: ParamKind | undefined): void {
  if (paramKind === undefined) return;
  const { apiVersion = "", kind = "" } = paramKind;
  const parts = apiVersion.split("/");
  const [group, version] = parts.length === 1 ? ["", parts[0] as string] : (parts as [string, string]);
  if (apiVersion === "") errors.push(fieldError.required(`${at}.apiVersion`));
  else if (parts.length > 2)
    errors.push(fieldError.invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`));
  else {
    const joined = (value: string, messages: readonly string[]): void => {
      if (messages.length > 0) errors.push(fieldError.invalid(`${at}.apiVersion`, value, messages.join(",")));
    };
    if (group !== "") joined(group, checkDnsSubdomain(group));
    if (version === "") errors.push(fieldError.invalid(`${at}.apiVersion`, apiVersion, "version must be specified"));
    else joined(version, checkDns1035Label(version));
  }
  if (kind === "") errors.push(fieldError.required(`${at}.kind`));
  else {
    const messages = checkDns1035Label(kind.toLowerCase());
    const why = `may have mixed case, but should otherwise match: ${messages.join(",")}`;
    if (messages.length > 0) errors.push(fieldError.invalid(`${at}.kind`, kind, why));
  }
}

export function checkPolicyName(errors: Errors, name: string | undefined): void {
  if (!name) errors.push(fieldError.required("spec.policyName"));
  else addInvalid(errors, "spec.policyName", name, checkDnsSubdomain(name));
}

export function checkParamRef(errors: Errors, at: string, ref: ParamRef | undefined): void {
  if (ref === undefined) return;
  const named = ref.name !== undefined && ref.name !== "";
  if (named) {
    addInvalid(errors, `${at}.name`, ref.name, checkPathSegment(ref.name as string));
    if (ref.selector !== undefined)
      errors.push(fieldError.forbidden(`${at}.name`, "name and selector are mutually exclusive"));
  }
  if (ref.selector !== undefined) {
    checkLabelSelector(errors, `${at}.selector`, ref.selector);
    if (named) errors.push(fieldError.forbidden(`${at}.selector`, "name and selector are mutually exclusive"));
  }
  if (!named && ref.selector === undefined)
    errors.push(fieldError.required(at, "one of name or selector must be specified"));
  const action = ref.parameterNotFoundAction;
  if (!action) errors.push(fieldError.required(`${at}.parameterNotFoundAction`));
  else if (action !== "Allow" && action !== "Deny")
    errors.push(fieldError.notSupported(`${at}.parameterNotFoundAction`, action, ["Deny", "Allow"]));
}
