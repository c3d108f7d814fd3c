import { X509Certificate } from "node:crypto";
import { type FieldError, fieldError } from "#pkg/errors/index.ts";
import { checkEnum } from "../../field-checks.ts";
import { checkDns1035Label, checkDnsSubdomain, checkPortNumber } from "../../names.ts";
import type { CustomResourceConversion, ServiceReference } from "../../types/apiextensions-v1.ts";

/** Versions of ConversionReview that this server speaks. */
const ACCEPTED = ["v1", "v1beta1"];

export interface ConversionOptions {
  /** False where what was there before had none of them either. */
  readonly requiresAcceptedVersion: boolean;
  readonly allowsInvalidCaBundle: boolean;
}

export const hasAcceptedVersion = (versions: readonly string[] = []): boolean =>
  versions.length === 0 || versions.some((version) => ACCEPTED.includes(version));

/** Upstream names the fields as its internal type has them: `webhookClientConfig`, without `webhook` above. */
export function validateConversion(
  conversion: CustomResourceConversion | undefined,
  options: ConversionOptions,
): FieldError[] {
  if (conversion === undefined) return [];
  const errors: FieldError[] = [];
  const path = "spec.conversion";
  checkEnum(errors, `${path}.strategy`, conversion.strategy, ["None", "Webhook"]);
  const { clientConfig, conversionReviewVersions = [] } = conversion.webhook ?? {};
  const clientPath = `${path}.webhookClientConfig`;
  if (conversion.strategy !== "Webhook") {
    const why = "should not be set when strategy is not set to Webhook";
    if (clientConfig !== undefined) errors.push(fieldError.forbidden(clientPath, why));
    if (conversionReviewVersions.length > 0) errors.push(fieldError.forbidden(`${path}.conversionReviewVersions`, why));
    return errors;
  }
  if (clientConfig === undefined)
    errors.push(fieldError.required(clientPath, "required when strategy is set to Webhook"));
  else {
    const { url, service, caBundle } = clientConfig;
    if ((url === undefined) === (service === undefined))
      errors.push(fieldError.required(clientPath, "exactly one of url or service is required"));
    else if (url !== undefined) checkUrl(errors, `${clientPath}.url`, url);
    else if (service !== undefined) checkService(errors, `${clientPath}.service`, service);
    if (caBundle && !options.allowsInvalidCaBundle && !isCaBundle(caBundle))
      errors.push(
        fieldError.invalid(
          `${clientPath}.caBundle`,
          caBundle,
          "unable to load root certificates: unable to parse bytes as PEM block",
        ),
      );
  }
  checkReviewVersions(errors, `${path}.conversionReviewVersions`, conversionReviewVersions, options);
  return errors;
}

function checkReviewVersions(
  errors: FieldError[],
  path: string,
  versions: readonly string[],
  options: ConversionOptions,
): void {
  if (versions.length === 0) {
    errors.push(fieldError.required(path));
    return;
  }
  for (const [i, version] of versions.entries()) {
    if (versions.indexOf(version) < i) errors.push(fieldError.invalid(`${path}[${i}]`, version, "duplicate version"));
    else for (const why of checkDns1035Label(version)) errors.push(fieldError.invalid(`${path}[${i}]`, version, why));
  }
  if (options.requiresAcceptedVersion && !hasAcceptedVersion(versions))
    errors.push(fieldError.invalid(path, versions, `must include at least one of ${ACCEPTED.join(", ")}`));
}

const FORM = "; desired format: https://host[/path]";

function checkUrl(errors: FieldError[], path: string, text: string): void {
  const invalid = (value: string, why: string): number => errors.push(fieldError.invalid(path, value, why));
  const parts = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/.exec(text);
  if (parts === null || text.startsWith(":")) {
    errors.push(
      fieldError.required(
        path,
        `url must be a valid URL: parse ${JSON.stringify(text)}: missing protocol scheme${FORM}`,
      ),
    );
    return;
  }
  const [, scheme = "", authority = "", , query = "", fragment = ""] = parts;
  const at = authority.lastIndexOf("@");
  if (scheme.toLowerCase() !== "https") invalid(scheme, `'https' is the only allowed URL scheme${FORM}`);
  if (authority.slice(at + 1) === "") invalid("", `host must be specified${FORM}`);
  if (at >= 0) invalid(authority.slice(0, at), "user information is not permitted in the URL");
  if (fragment !== "") invalid(fragment, "fragments are not permitted in the URL");
  if (query !== "") invalid(query, "query parameters are not permitted in the URL");
}

function checkService(errors: FieldError[], path: string, service: ServiceReference): void {
  // Upstream hands name and namespace over in each other's place.
  if (!service.namespace) errors.push(fieldError.required(`${path}.name`, "service name is required"));
  if (!service.name) errors.push(fieldError.required(`${path}.namespace`, "service namespace is required"));
  const port = service.port ?? 443;
  const wrong = checkPortNumber(port);
  if (wrong.length > 0) errors.push(fieldError.invalid(`${path}.port`, port, `port is not valid: ${wrong.join(",")}`));
  const given = service.path;
  if (given === undefined || given === "" || given === "/") return;
  const invalid = (why: string): number => errors.push(fieldError.invalid(`${path}.path`, given, why));
  if (given === "//") return void invalid("segment[0] may not be empty");
  if (!given.startsWith("/")) invalid("must start with a '/'");
  for (const [i, segment] of given.slice(1).replace(/\/$/, "").split("/").entries()) {
    if (segment === "") invalid(`segment[${i}] may not be empty`);
    else for (const why of checkDnsSubdomain(segment)) invalid(`segment[${i}]: ${why}`);
  }
}

/** At least one PEM certificate, and none that cannot be read; `text` is base64. */
export function isCaBundle(text: string): boolean {
  const pem = Buffer.from(text, "base64").toString("latin1");
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.length > 0 && blocks.every((block) => new X509Certificate(block).serialNumber !== "");
  } catch {
    return false;
  }
}
