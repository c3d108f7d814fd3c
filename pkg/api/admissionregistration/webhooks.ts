import { fieldError } from "#pkg/errors/index.ts";
import { addInvalid, checkEnum, checkLabelSelector, checkOptionalEnum, type Errors } from "../field-checks.ts";
import { semanticEqual } from "../equal.ts";
import { checkDns1035Label, checkDnsLabel, checkDnsSubdomain } from "../names.ts";
import type { MutatingWebhook, ValidatingWebhook, WebhookClientConfig } from "../types/admissionregistration-v1.ts";
import type * as Expressions from "./expressions.ts";
import { checkMatchConditions } from "./match-conditions.ts";
import { checkRule } from "./rules.ts";

export type Webhook = ValidatingWebhook | MutatingWebhook;
export interface Configuration {
  readonly webhooks?: readonly Webhook[];
}

/** `old` is what an update replaces: conditions that stay are not compiled again. */
export function validateWebhooks(
  configuration: Configuration,
  old: Configuration | undefined,
  expressions: typeof Expressions,
): Errors {
  const errors: Errors = [];
  const names = new Set<string>();
  const conditions = (given: Configuration | undefined): unknown =>
    given?.webhooks?.map((hook) => hook.matchConditions ?? []);
  const kept = old !== undefined && semanticEqual(conditions(configuration), conditions(old));
  for (const [i, hook] of (configuration.webhooks ?? []).entries()) {
    const at = `webhooks[${i}]`;
    checkHook(errors, at, hook);
    if (!kept) checkMatchConditions(errors, `${at}.matchConditions`, hook.matchConditions, false, expressions);
    checkReviewVersions(errors, `${at}.admissionReviewVersions`, hook.admissionReviewVersions ?? []);
    if (names.has(hook.name)) errors.push(fieldError.duplicate(`${at}.name`, hook.name));
    if (hook.name) names.add(hook.name);
  }
  return errors;
}

function checkHook(errors: Errors, at: string, hook: Webhook): void {
  checkQualified(errors, `${at}.name`, hook.name ?? "");
  for (const [i, rule] of (hook.rules ?? []).entries()) checkRule(errors, `${at}.rules[${i}]`, rule);
  checkOptionalEnum(errors, `${at}.failurePolicy`, hook.failurePolicy, ["Fail", "Ignore"]);
  checkOptionalEnum(errors, `${at}.matchPolicy`, hook.matchPolicy, ["Equivalent", "Exact"]);
  if (!hook.sideEffects)
    errors.push(fieldError.required(`${at}.sideEffects`, "must specify one of None, NoneOnDryRun"));
  else checkEnum(errors, `${at}.sideEffects`, hook.sideEffects, ["None", "NoneOnDryRun"]);
  const timeout = hook.timeoutSeconds ?? 10;
  if (timeout < 1 || timeout > 30) {
    const why = "the timeout value must be between 1 and 30 seconds";
    errors.push(fieldError.invalid(`${at}.timeoutSeconds`, timeout, why));
  }
  checkLabelSelector(errors, `${at}.namespaceSelector`, hook.namespaceSelector);
  checkLabelSelector(errors, `${at}.objectSelector`, hook.objectSelector);
  checkOptionalEnum(errors, `${at}.reinvocationPolicy`, (hook as MutatingWebhook).reinvocationPolicy, [
    "IfNeeded",
    "Never",
  ]);
  checkClientConfig(errors, `${at}.clientConfig`, hook.clientConfig ?? {});
}

function checkQualified(errors: Errors, at: string, name: string): void {
  if (name === "") {
    errors.push(fieldError.required(at));
    return;
  }
  const messages = checkDnsSubdomain(name);
  addInvalid(errors, at, name, messages);
  if (messages.length === 0 && name.split(".").length < 3) {
    const why = "should be a domain with at least three segments separated by dots";
    errors.push(fieldError.invalid(at, name, why));
  }
}

function checkReviewVersions(errors: Errors, at: string, versions: readonly string[]): void {
  if (versions.length === 0) {
    errors.push(fieldError.required(at, "must specify one of v1, v1beta1"));
    return;
  }
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) errors.push(fieldError.invalid(`${at}[${i}]`, version, "duplicate version"));
    else addInvalid(errors, `${at}[${i}]`, version, checkDns1035Label(version));
    seen.add(version);
  }
  if (!seen.has("v1") && !seen.has("v1beta1"))
    errors.push(fieldError.invalid(at, versions, "must include at least one of v1, v1beta1"));
}

function checkClientConfig(errors: Errors, at: string, { url, service }: WebhookClientConfig): void {
  if ((url === undefined) === (service === undefined))
    errors.push(fieldError.required(at, "exactly one of url or service is required"));
  else if (url !== undefined) checkUrl(errors, `${at}.url`, url);
  else if (service !== undefined) {
    if (!service.name) errors.push(fieldError.required(`${at}.service.name`, "service name is required"));
    if (!service.namespace)
      errors.push(fieldError.required(`${at}.service.namespace`, "service namespace is required"));
    const port = service.port ?? 443;
    if (port < 1 || port > 65_535)
      errors.push(
        fieldError.invalid(`${at}.service.port`, port, "port is not valid: must be between 1 and 65535, inclusive"),
      );
    checkPath(errors, `${at}.service.path`, service.path ?? "");
  }
}

const URL_FORM = "; desired format: https://host[/path]";

function checkUrl(errors: Errors, at: string, text: string): void {
  const refuse = (value: string, why: string): void => {
    errors.push(fieldError.invalid(at, value, why + URL_FORM));
  };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) {
    errors.push(fieldError.required(at, `url must be a valid URL: parse ${JSON.stringify(text)}${URL_FORM}`));
    return;
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== "https") refuse(scheme, "'https' is the only allowed URL scheme");
  if (url.host === "") refuse(url.host, "host must be specified");
  if (url.username !== "" || url.password !== "") refuse(url.username, "user information is not permitted in the URL");
  if (url.hash !== "") refuse(url.hash.slice(1), "fragments are not permitted in the URL");
  if (url.search !== "") refuse(url.search.slice(1), "query parameters are not permitted in the URL");
}

function checkPath(errors: Errors, at: string, path: string): void {
  if (path === "" || path === "/") return;
  if (!path.startsWith("/")) {
    errors.push(fieldError.invalid(at, path, "must start with a '/'"));
    return;
  }
  const steps = path.slice(1).split("/");
  if (steps.at(-1) === "") steps.pop();
  for (const [i, step] of steps.entries()) {
    if (step === "") {
      errors.push(fieldError.invalid(at, path, `segment[${i}] may not be empty`));
      continue;
    }
    for (const message of checkDnsLabel(step).length === 0 ? [] : checkDnsSubdomain(step))
      errors.push(fieldError.invalid(at, path, `segment[${i}]: ${message}`));
  }
}
