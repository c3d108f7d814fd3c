import { fieldError } from "#pkg/errors/index.ts";
import type { Errors } from "./field-checks.ts";
import { checkDnsLabel, checkDnsSubdomain } from "./names.ts";

const FORM = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
const MAX_DOMAIN = 253;
const MAX_PATH = 253 + 63 + 1;

/** Upstream's ValidateSignerName: "example.com/signer". */
export function checkSignerName(errors: Errors, path: string, name: string): void {
  if (name === "") {
    errors.push(fieldError.required(path));
    return;
  }
  const [domain = "", signer = "", ...more] = name.split("/");
  if (!name.includes("/") || more.length > 0) {
    errors.push(fieldError.invalid(path, name, FORM));
    return;
  }
  if (domain.length > MAX_DOMAIN) errors.push(fieldError.tooLong(path, MAX_DOMAIN));
  const labels = domain.split(".");
  for (const label of labels) {
    for (const why of checkDnsLabel(label)) errors.push(fieldError.invalid(path, domain, validating(label, why)));
  }
  if (labels.length < 2) {
    errors.push(fieldError.invalid(path, domain, "should be a domain with at least two segments separated by dots"));
  }
  for (const label of signer.split(".")) {
    for (const why of checkDnsSubdomain(label)) errors.push(fieldError.invalid(path, signer, validating(label, why)));
  }
  if (signer.length > MAX_PATH) errors.push(fieldError.tooLong(path, MAX_PATH));
}

const validating = (label: string, why: string): string => `validating label ${JSON.stringify(label)}: ${why}`;
