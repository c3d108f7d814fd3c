import { fieldError } from "#pkg/errors/index.ts";
import { ageColumn, column, nameColumn } from "../columns.ts";
import { humanDuration } from "../duration.ts";
import { checkImmutable, type Errors } from "../field-checks.ts";
import { checkDnsSubdomain } from "../names.ts";
import { separateStatus } from "../status-hooks.ts";
import { strategyOf } from "../strategy-of.ts";
import type { CertificateSigningRequest as Request } from "../types/certificates-v1.ts";

const USAGES = [
  "any",
  "cert sign",
  "client auth",
  "code signing",
  "content commitment",
  "crl sign",
  "data encipherment",
  "decipher only",
  "digital signature",
  "email protection",
  "encipher only",
  "ipsec end system",
  "ipsec tunnel",
  "ipsec user",
  "key agreement",
  "key encipherment",
  "microsoft sgc",
  "netscape sgc",
  "ocsp signing",
  "s/mime",
  "server auth",
  "signing",
  "timestamping",
];
const LEAST_SECONDS = 600;

function validate(request: Request): Errors {
  const errors: Errors = [];
  const { spec } = request;
  const pem = Buffer.from(spec.request ?? "", "base64").toString("latin1");
  if (!/-----BEGIN (NEW )?CERTIFICATE REQUEST-----[\s\S]+-----END (NEW )?CERTIFICATE REQUEST-----/.test(pem)) {
    errors.push(fieldError.invalid("spec.request", spec.request ?? "", "PEM block type must be CERTIFICATE REQUEST"));
  }
  checkSigner(errors, "spec.signerName", spec.signerName ?? "");
  if ((spec.usages ?? []).length === 0) errors.push(fieldError.required("spec.usages"));
  const seen = new Set<string>();
  for (const [i, usage] of (spec.usages ?? []).entries()) {
    if (!USAGES.includes(usage)) errors.push(fieldError.notSupported(`spec.usages[${i}]`, usage, USAGES));
    if (seen.has(usage)) errors.push(fieldError.duplicate(`spec.usages[${i}]`, usage));
    seen.add(usage);
  }
  if (spec.expirationSeconds !== undefined && spec.expirationSeconds < LEAST_SECONDS) {
    const why = `may not specify a duration less than ${LEAST_SECONDS} seconds (10 minutes)`;
    errors.push(fieldError.invalid("spec.expirationSeconds", spec.expirationSeconds, why));
  }
  return errors;
}

function checkSigner(errors: Errors, path: string, name: string): void {
  if (name === "") errors.push(fieldError.required(path));
  else if (name === "kubernetes.io/legacy-unknown") {
    errors.push(fieldError.invalid(path, name, "the legacy signerName is not allowed via this API version"));
  } else {
    const slash = name.indexOf("/");
    const isDomain = slash > 0 && name.length > slash + 1 && checkDnsSubdomain(name.slice(0, slash)).length === 0;
    if (!isDomain || !name.slice(0, slash).includes(".")) {
      const why = 'must be a fully qualified domain and path of the form "example.com/signer-name"';
      errors.push(fieldError.invalid(path, name, why));
    }
  }
}

function conditionOf(request: Request): string {
  const order = ["Denied", "Approved", "Failed"];
  const words = order.filter((type) => request.status?.conditions?.some((c) => c.type === type) === true);
  if (words.length === 0) words.push("Pending");
  if (request.status?.certificate) words.push("Issued");
  return words.join(",");
}

export const certificateSigningRequestStrategy = strategyOf<Request>({
  ...separateStatus<Request>(() => ({})),
  defaults: (request) => {
    request.spec ??= {} as typeof request.spec;
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    for (const condition of request.status?.conditions ?? []) {
      condition.status ||= "True";
      condition.lastUpdateTime ??= now;
      condition.lastTransitionTime ??= condition.lastUpdateTime;
    }
  },
  validate,
  validateUpdate: (request, old) => {
    const errors = validate(request);
    checkImmutable(errors, "spec", request.spec, old.spec);
    return errors;
  },
  validateStatusUpdate: (request) => {
    const types = (request.status?.conditions ?? []).map((c) => c.type);
    const both = types.includes("Approved") && types.includes("Denied");
    return both
      ? [fieldError.invalid("status.conditions", "Denied", "Approved and Denied conditions are mutually exclusive")]
      : [];
  },
  selectableFields: { "spec.signerName": (request) => request.spec?.signerName ?? "" },
  columns: [
    nameColumn,
    ageColumn,
    column("SignerName", "Who is asked to sign", (r: Request) => r.spec.signerName),
    column("Requestor", "Who asks", (r: Request) => r.spec.username),
    column("RequestedDuration", "For how long", (r: Request) =>
      r.spec.expirationSeconds === undefined ? "<none>" : humanDuration(r.spec.expirationSeconds * 1000),
    ),
    column("Condition", "What became of it", conditionOf),
  ],
});
